"""Style, scripts and marks, under the hash of their content: kept for ever by browsers, replaced by a new address."""

import mimetypes

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from web.doors.guards import for_anyone
from web.rendering import Rendering

_FOR_EVER = "public, max-age=31536000, immutable"


@for_anyone
async def show(request: Request) -> Response:
    """Send one of the files that are meant to be served."""
    rendering: Rendering = request.app.state.rendering
    path = rendering.static.get(str(request.path_params["file"]))
    if path is None or request.path_params["hash"] != rendering.static_hash:
        raise HTTPException(404)
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(path, media_type=media_type, headers={"cache-control": _FOR_EVER})
