#!/usr/bin/env python3
"""drop_file.py WINDOW_ID X Y PATH: drops a file on a window as a file manager would (XDND, version 5). Needs python-xlib."""
import sys
import time
from pathlib import Path

from Xlib import X, display
from Xlib.protocol import event

window_id, x, y = (int(word) for word in sys.argv[1:4])
uris = "".join(f"{Path(word).resolve().as_uri()}\r\n" for word in sys.argv[4:]).encode()

screen = display.Display()
atom = screen.intern_atom
source = screen.screen().root.create_window(0, 0, 1, 1, 0, screen.screen().root_depth)
target = screen.create_resource_object("window", window_id)
selection = atom("XdndSelection")
source.set_selection_owner(selection, X.CurrentTime)


def tell(name, first, second=0, third=0, fourth=0):
    data = (32, [source.id, first, second, third, fourth])
    target.send_event(event.ClientMessage(window=target, client_type=atom(name), data=data), event_mask=0)
    screen.sync()


tell("XdndEnter", 5 << 24, atom("text/uri-list"))
tell("XdndPosition", 0, (x << 16) | y, 0, atom("XdndActionCopy"))
is_dropped = False
deadline = time.time() + 10
while time.time() < deadline:
    if not screen.pending_events():
        time.sleep(0.01)
        continue
    got = screen.next_event()
    if got.type == X.SelectionRequest:
        got.requestor.change_property(got.property, got.target, 8, uris)
        got.requestor.send_event(
            event.SelectionNotify(
                time=got.time,
                requestor=got.requestor,
                selection=got.selection,
                target=got.target,
                property=got.property,
            )
        )
        screen.sync()
    elif got.type == X.ClientMessage:
        name = screen.get_atom_name(got.client_type)
        if name == "XdndStatus" and not is_dropped:
            time.sleep(0.2)
            is_dropped = True
            tell("XdndDrop", 0, X.CurrentTime)
        elif name == "XdndFinished":
            sys.exit(0)
sys.exit("the window didn't take the file")
