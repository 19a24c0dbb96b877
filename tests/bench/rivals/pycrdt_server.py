"""pycrdt-websocket as its documentation starts it, under uvicorn; a new room begins with the state in a file."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvicorn
from pycrdt import Doc
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom


class FiledRooms(WebsocketServer):
    """Gives each new room the state in the file that its name begins with."""

    states = Path()

    async def get_room(self, name: str) -> YRoom:
        if name not in self.rooms:
            doc: Doc[Any] = Doc()
            file = self.states / name.strip("/").split(".")[0]
            if file.exists():
                doc.apply_update(file.read_bytes())
            self.rooms[name] = YRoom(ydoc=doc, log=self.log)
        room = self.rooms[name]
        await self.start_room(room)
        return room


async def main(port: int, states: Path) -> None:
    FiledRooms.states = states
    async with FiledRooms(auto_clean_rooms=False) as rooms:
        config = uvicorn.Config(ASGIServer(rooms), port=port, log_level="error", ws="websockets-sansio", backlog=2048)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0)
        print("ready", flush=True)  # noqa: T201 - its parent waits for the line
        await serving


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
