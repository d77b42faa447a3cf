"""A client's process: `python -m fairwitness.federated.client PORT FOLDER PARENT`. It ends when its parent does."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path

from fairwitness.federated import link

NODE = "node"
PR_SET_PDEATHSIG = 1


def stay_with(parent: int) -> None:
    """End this process when its parent ends, however that does.

    The kernel sees to it on Linux; elsewhere, and for a parent that ended before it was asked, a thread looks.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=look, daemon=True).start()


def main(port: int, folder: Path, parent: int) -> None:
    """Serve the parcel in `folder` to the SuperLink at `port`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the server ends its clients itself
    stay_with(parent)
    link.quiet()
    import torch

    from fairwitness.federated.apps import client_app

    torch.set_num_threads(1)  # one core a client: several would fight over them

    def told(node: int) -> None:
        (folder / "new").write_text(str(node))
        (folder / "new").rename(folder / NODE)

    link.serve(client_app(lambda _: folder), port, told, lambda: True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
