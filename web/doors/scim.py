"""SCIM 2.0 (RFC 7643, RFC 7644) at ``/scim/v2``: an identity provider adds, changes and removes people by itself.

What it may do stands in ``hub.access.provisioning``. Users keep of a person what the hub needs: user name, name,
title, address, whether they are active; what else is sent is left out. A list, a filter and an order are made over all
accounts of the organisation, of which a page has ``PAGE_MAX``.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import ValidationError
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    Email,
    Error,
    ETag,
    Filter,
    Group,
    InvalidSyntaxException,
    ListResponse,
    Meta,
    Name,
    NotFoundException,
    Patch,
    PatchOp,
    Required,
    Resource,
    ResourceType,
    ResponseParameters,
    Schema,
    SCIMException,
    ScimPolicy,
    SearchRequest,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)
from starlette.requests import Request
from starlette.responses import Response

from hub.access.provisioning import KeptError, ProvidedWords, TakenError
from hub.store.machines import KnownMachine
from hub.store.provisioned import ProvidedAccount, ProvidedGroup
from web.doors.guards import services
from web.doors.machines import SCIM_BASE, MachineDoor, provisioning, refused

PAGE_MAX: Final = 200
MEDIA: Final = "application/scim+json"
TOLERANT: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
"""Providers send more than they are asked for, and remove members by value."""


class ScimUser(Resource[Any]):
    """What the hub keeps of a user."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None


Kept: TypeAlias = ScimUser | Group
AnyKept = TypeVar("AnyKept", ScimUser, Group)
AnyDescribed = TypeVar("AnyDescribed", ResourceType, Schema, ServiceProviderConfig)

_MODELS: Final[tuple[type[Resource[Any]], ...]] = (ScimUser, Group)
_TYPES: Final = tuple(ResourceType.from_resource(model) for model in _MODELS)
_SCHEMAS: Final = tuple(model.to_schema() for model in _MODELS)
_CONFIG: Final = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=PAGE_MAX),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=False),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description="A token that an administrator of the hub makes under People, Identity provider.",
            primary=True,
        )
    ],
)


def _told(page: MachineDoor) -> MachineDoor:
    """Answer what is wrong with a request as SCIM says it."""

    async def endpoint(request: Request, machine: KnownMachine) -> Response:
        try:
            with TOLERANT:
                return await page(request, machine)
        except ValidationError as error:
            first, *_ = Error.from_validation_errors(error.errors())
            return refused(int(first.status or 400), first.detail or "This can't be read.", str(first.scim_type or ""))
        except SCIMException as error:
            made = error.to_error()
            return refused(int(made.status or 400), made.detail or "", str(made.scim_type or ""))
        except TakenError:
            return refused(409, "Another account has this user name or address.", "uniqueness")
        except KeptError as error:
            return refused(403, str(error))

    endpoint.__doc__ = page.__doc__
    return endpoint


@_told
async def config(request: Request, machine: KnownMachine) -> Response:
    """Tell what this service can do."""
    return _answer(_placed(request, _CONFIG, "ServiceProviderConfig", "ServiceProviderConfig"), None)


@_told
async def resource_types(request: Request, machine: KnownMachine) -> Response:
    """Tell which resources there are, or of one of them."""
    placed = {each.id: _placed(request, each, "ResourceType", f"ResourceTypes/{each.id}") for each in _TYPES}
    return _described(request, placed)


@_told
async def schemas(request: Request, machine: KnownMachine) -> Response:
    """Tell which attributes there are, or those of one resource."""
    placed = {each.id: _placed(request, each, "Schema", f"Schemas/{each.id}") for each in _SCHEMAS}
    return _described(request, placed)


@_told
async def users(request: Request, machine: KnownMachine) -> Response:
    """List the accounts of the provider, or add one."""
    if request.method == "POST":
        user = ScimUser.model_validate(await _sent(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        made = await provisioning(request).keep_account(machine, "", _user_told(user))
        return _answer(_user(request, made), request, 201)
    return await _list(request, await _users(request, machine), SearchRequest[ScimUser])


@_told
async def search_users(request: Request, machine: KnownMachine) -> Response:
    """List accounts that a search finds; posted, so that no name stands in an address."""
    return await _list(request, await _users(request, machine), SearchRequest[ScimUser])


@_told
async def search_groups(request: Request, machine: KnownMachine) -> Response:
    """List groups that a search finds."""
    return await _list(request, await _groups(request, machine), SearchRequest[Group])


@_told
async def search(request: Request, machine: KnownMachine) -> Response:
    """List accounts and groups that a search finds."""
    found: list[Kept] = [*await _users(request, machine), *await _groups(request, machine)]
    return await _list(request, found, SearchRequest[ScimUser | Group])


@_told
async def user(request: Request, machine: KnownMachine) -> Response:
    """Show, replace, change or let go one account."""
    person_id = str(request.path_params["user"])
    account = await provisioning(request).rows.account(machine.organisation, person_id)
    if account is None:
        raise NotFoundException
    if request.method == "DELETE":
        await provisioning(request).let_go(machine, person_id)
        return Response(status_code=204)
    standing = _user(request, account)
    changed = await _changed(request, standing)
    if changed is not None:
        account = await provisioning(request).keep_account(machine, person_id, _user_told(changed))
        standing = _user(request, account)
    return _answer(standing, request)


@_told
async def groups(request: Request, machine: KnownMachine) -> Response:
    """List the groups of the provider, or add one."""
    if request.method == "POST":
        group = Group.model_validate(await _sent(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
        made = await provisioning(request).keep_group(machine, "", _attributes(group))
        return _answer(_group(request, made), request, 201)
    return await _list(request, await _groups(request, machine), SearchRequest[Group])


@_told
async def group(request: Request, machine: KnownMachine) -> Response:
    """Show, replace, change or take away one group."""
    group_id = str(request.path_params["group"])
    kept = await provisioning(request).rows.group(machine.organisation, group_id)
    if kept is None:
        raise NotFoundException
    if request.method == "DELETE":
        await provisioning(request).end_group(machine, group_id)
        return Response(status_code=204)
    standing = _group(request, kept)
    changed = await _changed(request, standing)
    if changed is not None:
        standing = _group(request, await provisioning(request).keep_group(machine, group_id, _attributes(changed)))
    return _answer(standing, request)


@_told
async def nowhere(request: Request, machine: KnownMachine) -> Response:
    """Say that there is nothing at this address."""
    raise NotFoundException


async def _users(request: Request, machine: KnownMachine) -> list[ScimUser]:
    return [_user(request, each) for each in await provisioning(request).rows.accounts(machine.organisation)]


async def _groups(request: Request, machine: KnownMachine) -> list[Group]:
    return [_group(request, each) for each in await provisioning(request).rows.groups(machine.organisation)]


async def _changed(request: Request, standing: AnyKept) -> AnyKept | None:
    """Return the resource as a PUT or PATCH makes it, ``None`` where it only is to be shown."""
    model = type(standing)
    match request.method:
        case "PUT":
            told = model.model_validate(await _sent(request), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
            told.replace(standing)
            return told
        case "PATCH":
            patch = PatchOp[model].model_validate(  # type: ignore[valid-type]
                await _sent(request), scim_ctx=Context.RESOURCE_PATCH_REQUEST
            )
            changed = standing.model_copy(deep=True)
            patch.patch(changed)
            return changed
        case _:
            return None


async def _sent(request: Request) -> object:
    try:
        return json.loads(await request.body())
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidSyntaxException from None


async def _list(request: Request, found: Sequence[Kept], asked: type[SearchRequest[Any]]) -> Response:
    told = await _sent(request) if request.method == "POST" else dict(request.query_params)
    wanted = asked.model_validate(told, scim_ctx=Context.SEARCH_REQUEST)
    chosen = [each for each in found if wanted.filter is None or wanted.filter.match(each)]
    ordered = wanted.sort(chosen)
    start = wanted.start_index_0 or 0
    shown = ordered[start : start + min(PAGE_MAX if wanted.count is None else wanted.count, PAGE_MAX)]
    listed = ListResponse[ScimUser | Group](
        total_results=len(chosen), start_index=start + 1, items_per_page=len(shown), resources=list(shown) or None
    )
    dumped = listed.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=wanted)
    return Response(json.dumps(dumped), media_type=MEDIA)


def _described(request: Request, placed: Mapping[str | None, ResourceType | Schema]) -> Response:
    wanted = request.path_params.get("id")
    if wanted is not None:
        if wanted not in placed:
            raise NotFoundException
        return _answer(placed[wanted], None)
    count = len(placed)
    whole = ListResponse[ResourceType | Schema](
        total_results=count, start_index=1, items_per_page=count, resources=list(placed.values())
    )
    return Response(json.dumps(whole.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)), media_type=MEDIA)


def _answer(resource: Resource[Any], request: Request | None, status: int = 200) -> Response:
    asked = {} if request is None else dict(request.query_params)
    chosen = ResponseParameters[type(resource)].model_validate(  # type: ignore[misc]
        {name: asked[name] for name in ("attributes", "excludedAttributes") if name in asked}
    )
    dumped = resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=chosen)
    answer = Response(json.dumps(dumped), status, media_type=MEDIA)
    if resource.meta is not None and resource.meta.location is not None:
        answer.headers["location"] = str(resource.meta.location)
    return answer


def _user_told(user: ScimUser) -> ProvidedWords:
    emails = user.emails or []
    address = next((each.value for each in emails if each.primary and each.value), None)
    address = address or next((each.value for each in emails if each.value), None)
    name = user.name
    parts = [name.given_name, name.family_name] if name is not None else []
    spoken = user.display_name or (name.formatted if name is not None else None) or " ".join(filter(None, parts))
    user_name = user.user_name or ""
    return ProvidedWords(
        user_name=user_name, name=spoken or user_name, title=user.title or "",
        email=address or (user_name if "@" in user_name else ""), active=user.active is not False,
        attributes=_attributes(user),
    )  # fmt: skip


def _attributes(resource: Kept) -> dict[str, object]:
    """Return what is kept of a resource's words."""
    told = resource.model_dump(scim_ctx=Context.DEFAULT)
    return {name: value for name, value in told.items() if name not in ("id", "meta", "schemas")}


def _user(request: Request, account: ProvidedAccount) -> ScimUser:
    user = ScimUser.model_validate({**account.attributes, "schemas": [str(ScimUser.__schema__)]})
    user.id = account.person_id
    return _dated(request, user, account, "User", f"Users/{account.person_id}")


def _group(request: Request, kept: ProvidedGroup) -> Group:
    group = Group.model_validate({**kept.attributes, "schemas": [str(Group.__schema__)]})
    group.id = kept.group_id
    return _dated(request, group, kept, "Group", f"Groups/{kept.group_id}")


def _dated(request: Request, resource: AnyKept, row: ProvidedAccount | ProvidedGroup, kind: str, at: str) -> AnyKept:
    resource.meta = Meta(
        resource_type=kind, created=row.created, last_modified=row.changed, location=f"{_base(request)}/{at}"
    )
    return resource


def _placed(request: Request, resource: AnyDescribed, kind: str, at: str) -> AnyDescribed:
    placed = resource.model_copy()
    placed.meta = Meta(resource_type=kind, location=f"{_base(request)}/{at}")
    return placed


def _base(request: Request) -> str:
    return services(request).settings.live_address + SCIM_BASE
