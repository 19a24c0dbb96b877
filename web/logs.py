"""Structured logs, an allowlist: only the fields named here leave the process, whoever wrote the line.

No bodies, frames, query strings, tokens, names or clinical words can be logged by mistake: an unlisted field is
dropped, a line of a library keeps its template without the arguments, and an exception is told by type and places,
without its message (a database quotes the row in it).
"""

import logging
import sys
import traceback
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from web.settings import Settings

FIELDS: Final = frozenset(
    {
        "timestamp",
        "level",
        "logger",
        "event",
        "exception",
        "error",
        "method",
        "route",
        "status",
        "milliseconds",
        "bytes",
        "frames",
        "edits",
        "plan",
        "section",
        "sections",
        "entry",
        "field",
        "person",
        "role",
        "session",
        "command",
        "outcome",
        "code",
        "seq",
        "rows",
        "messages",
        "request",
        "plans",
        "rooms",
        "sockets",
        "process",
        "port",
        "host",
        "version",
        "attempt",
        "seconds",
        "revision",
    }
)
OURS: Final = ("crdt", "auth", "hub", "web", "uvicorn.error")
"""Loggers whose lines are fixed sentences of ours or of the server: kept as they are."""
FRAMES_MAX: Final = 12


def configure(settings: Settings, stream: TextIO = sys.stderr) -> None:
    """Send every log line of this process, ours and the libraries', to the stream in the one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        exception_places,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last = structlog.dev.ConsoleRenderer(colors=False) if settings.demo else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(allow=FIELDS), template_alone],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, allowed, last],
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for chatty in ("uvicorn.error", "alembic", "websockets"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def allowed(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Keep the fields of the allowlist."""
    return {name: value for name, value in event.items() if name in FIELDS}


def template_alone(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Fill in our own lines; keep of a library's line its template: what would be filled in may be anyone's words."""
    record, filling = event.get("_record"), event.get("positional_args")
    if not isinstance(record, logging.LogRecord):
        return event
    if record.name.startswith(OURS):
        event["event"] = str(record.msg) % filling if filling else str(record.msg)
    else:
        event["event"] = str(record.msg) if filling else f"{record.name} line {record.lineno}"
    return event


def exception_places(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by the exception's type and where it passed, innermost first."""
    told = event.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        event["exception"] = places(error)
    return event


def places(error: BaseException) -> str:
    """Return ``type at file:line function``, innermost first, and the same of what caused it; never a message."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    where = " < ".join(f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    own = f"{type(error).__qualname__} at {where}" if where else type(error).__qualname__
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return f"{own}; because of {places(cause)}" if cause else own


def _short(filename: str) -> str:
    return "/".join(filename.replace("\\", "/").split("/")[-2:])
