#!/usr/bin/env python3
"""Measures the time from an input to the frame that shows its effect, including painting and the display server's copy.

    tools/input_to_frame.py PROGRAM [--samples N] [--display N]

Starts the program under Xvfb on a stream of frames, of which it takes as many as its network can compute (so all cores are busy and
each frame gives a new mosaic). Moves the pointer onto a menu's button and off again, and polls the button's pixels until they change.
Prints percentiles in milliseconds. Needs Xvfb, software OpenGL and python-xlib. It isn't part of the tests.
"""
import argparse, os, subprocess, tempfile, threading, time

from Xlib import X, display
from Xlib.ext import xtest

WIDTH, HEIGHT = 320, 240
BUTTON = (94, 6, 34, 20)  # the button "File": column, row, width, height
ON = (BUTTON[0] + BUTTON[2] // 2, BUTTON[1] + BUTTON[3] // 2)
OFF = (700, 16)  # the menu bar's empty part


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--samples", type=int, default=200)
    arguments.add_argument("--display", type=int, default=83)
    arguments.add_argument("--shot", help="write what is on screen at the end, by `import`")
    arguments.add_argument("--idle", action="store_true", help="let nothing run beside")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
        environment |= {"DISPLAY": f":{asked.display}", "HOME": home, "XDG_DATA_HOME": home, "LIBGL_ALWAYS_SOFTWARE": "1"}
        server = subprocess.Popen(["Xvfb", f":{asked.display}", "-screen", "0", "1280x760x24", "-nolisten", "tcp"],
                                  stderr=subprocess.DEVNULL)
        program = None
        try:
            time.sleep(2)
            command = [asked.program, "view"] + ([] if asked.idle else ["--frames", f"{WIDTH}x{HEIGHT}"])
            program = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            if not asked.idle:
                threading.Thread(target=feed, args=(program.stdin,), daemon=True).start()
            time.sleep(6)
            measure(display.Display(f":{asked.display}"), asked)
        finally:
            for process in (program, server):
                if process:
                    process.terminate()
                    process.wait()


def feed(pipe):
    """Writes thirty frames per second, all different."""
    noise = os.urandom(WIDTH * HEIGHT * 3 + 4096)
    try:
        for at in range(10**9):
            pipe.write(noise[at * 37 % 4096 :][: WIDTH * HEIGHT * 3])
            pipe.flush()
            time.sleep(1 / 30)
    except (BrokenPipeError, ValueError):
        pass


def measure(screen, asked):
    root = screen.screen().root
    move = lambda x, y: (xtest.fake_input(screen, X.MotionNotify, x=x, y=y), screen.sync())
    look = lambda: root.get_image(*BUTTON, X.ZPixmap, 0xFFFFFFFF).data
    move(*OFF)
    time.sleep(1)
    before, times = look(), []
    for at in range(asked.samples * 2):
        started = time.perf_counter()
        move(*(ON if at % 2 == 0 else OFF))
        while look() == before:
            if time.perf_counter() - started > 2:
                raise SystemExit("the button never changed; is the window there?")
            time.sleep(0.0005)
        times.append((time.perf_counter() - started) * 1e3)
        before = look()
        # Irregular pauses, so that inputs aren't in step with frames.
        time.sleep(0.03 + (at * 7 % 23) / 1000)
    if asked.shot:
        subprocess.run(["import", "-window", "root", asked.shot], env=os.environ | {"DISPLAY": f":{asked.display}"}, check=True)
    print(f"{len(times)} inputs: median {percentile(times, 0.5):.1f} ms, 90 % within {percentile(times, 0.9):.1f} ms, "
          f"99 % within {percentile(times, 0.99):.1f} ms, longest {max(times):.1f} ms")


if __name__ == "__main__":
    main()
