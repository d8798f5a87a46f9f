#!/usr/bin/env bash
# Starts the real program under Xvfb with software OpenGL, drives it with mouse and keys, and writes screenshots/*.png.
# Installs what it needs on Debian (as root). Look at the pictures afterwards: nothing compares them.
set -euo pipefail
cd "$(dirname "$0")/.."

need=()
for tool in Xvfb:xvfb xdotool:xdotool import:imagemagick xdpyinfo:x11-utils; do
    command -v "${tool%%:*}" >/dev/null || need+=("${tool##*:}")
done
python3 -c 'import Xlib' 2>/dev/null || need+=(python3-xlib)
# A stand-in named `convert` may exist without the real ImageMagick; `import` is the one that is used here.
if [ ${#need[@]} -gt 0 ]; then
    apt-get update -qq && apt-get install -qq -y --no-install-recommends "${need[@]}"
fi

mkdir -p screenshots
# FILTERSCOPE_PROGRAM: a program that is built already.
program=${FILTERSCOPE_PROGRAM:-}
if [ -z "$program" ]; then
    cargo build --release
    target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    program="$target/release/filterscope"
fi

work=$(mktemp -d)
# What the program remembers from day to day is that of this script alone.
export HOME="$work/home" XDG_DATA_HOME="$work/home/data"
mkdir -p "$XDG_DATA_HOME"
export DISPLAY=:${FILTERSCOPE_DISPLAY:-78} LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
Xvfb "$DISPLAY" -screen 0 1280x760x24 -nolisten tcp >"$work/xvfb.log" 2>&1 &
xvfb=$!
app=
trap 'kill $app $xvfb 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done

# No window manager: the window lies at 0,0 and fills the screen.
# start TITLE ARGS…: the program, once its title matches TITLE (xdotool's patterns are bytes: no
# letter beyond ASCII).
start() {
    local title=$1
    shift
    "$program" "$@" >"$work/program.log" 2>&1 &
    app=$!
    window=$(timeout 60 xdotool search --sync --onlyvisible --name "$title" | head -n 1)
    xdotool windowfocus "$window"
    sleep 1
}

# wait_for TITLE: until the window's title says that this is on screen.
wait_for() {
    timeout 60 xdotool search --sync --onlyvisible --name "$1" >/dev/null
    sleep 1
}

shot() {
    import -window root "screenshots/$1.png"
    echo "screenshots/$1.png"
}

# finish: closes the window as a person would, and insists that the program ends well.
finish() {
    xdotool key --window "$window" ctrl+q
    wait "$app"
}

start 'cat.png .* xception.keras_in1k .* act4'
xdotool mousemove 642 233
sleep 1
shot window
for _ in $(seq 7); do xdotool click 4; sleep 0.1; done
sleep 1
shot zoom
xdotool mousemove 640 400
xdotool key f
sleep 0.5

# Compare: two more views with other networks; the pointer on an eye of the cat.
add_view() {
    xdotool key ctrl+t
    sleep 1
    xdotool mousemove 130 239 click 1
    sleep 2
    xdotool type --delay 60 "$1"
    sleep 1
    xdotool key Return
    wait_for "cat.png .* $2"
}
add_view vgg16.k vgg16.keras_in1k
add_view lite0 tf_efficientnet_lite0.in1k
xdotool mousemove 445 240
for _ in $(seq 7); do xdotool click 4; sleep 0.1; done
sleep 2
xdotool mousemove 299 218
sleep 1
shot compare
xdotool key f
sleep 0.5
xdotool key Escape
# The second by its cross, then the third, which is the active one.
xdotool mousemove 960 92 click 1
sleep 1
xdotool key ctrl+w
wait_for 'cat.png .* xception.keras_in1k'

# Walk by key to a layer of 37x37 maps, then look into a filter.
xdotool mousemove 140 38 click 1
sleep 4
xdotool mousemove 640 400
for layer in act3 block12 block11 block10 block9 block8 block7 block6 block5 block4 block3 block2; do
    xdotool key alt+Up
    wait_for "cat.png .* $layer"
done
sleep 2
shot layers
xdotool mousemove 470 215 click 1
sleep 3
xdotool mousemove 1045 395
sleep 1
shot filter
xdotool mousemove 640 400

# Drop a file as a file manager does.
python3 tools/drop_file.py "$window" 640 400 assets/drive/center/1500000000004200000.jpg
wait_for '1500000000004200000.jpg .* block2'

xdotool key Escape
finish
test -n "$(find "$XDG_DATA_HOME" -name '*.ron')" || { echo "nothing was remembered" >&2; exit 1; }

# The same program the next day, led by typing: the tree is still open, so first back to the setup, then a log's path.
start 'cat.png .* tf_efficientnet_lite0.in1k .* bn2.act' view --model tf_efficientnet_lite0.in1k
sleep 2
shot next_day
xdotool mousemove 32 38 click 1
sleep 1
xdotool mousemove 100 152 click 1
sleep 0.5
xdotool type --delay 30 "assets/drive/interpolated.csv"
xdotool key Return
wait_for 'drive, row 0, center'
for moment in 1 2 3 4 5 6; do
    xdotool mousemove 640 300
    xdotool key Next
    wait_for "drive, row $moment, center"
done
sleep 1
shot moments
# Features of the log: the plan, in a dialog that the File menu opens.
xdotool mousemove 20 12 click 1
sleep 1
xdotool mousemove 70 349 click 1
sleep 2
xdotool mousemove 600 383 click 1
sleep 0.5
xdotool type --delay 20 "$work/features"
sleep 3
shot extract
xdotool key Escape
xdotool key Escape
sleep 1
xdotool mousemove 602 548 click 1
sleep 4
xdotool mousemove 640 290
sleep 1
shot drive
xdotool key F1
sleep 1
shot help
finish

start 'drive, row 0, center' view --model tf_efficientnet_lite0.in1k assets/drive/interpolated.csv
sleep 2
# A batch: both networks, a typed folder, Start; every figure is there in the end.
xdotool key ctrl+e
sleep 1
xdotool mousemove 394 305 click 1
sleep 0.5
xdotool mousemove 580 411 click 1
sleep 0.5
xdotool type --delay 20 "$work/figures"
sleep 2
shot batch
xdotool mousemove 408 625 click 1
for _ in $(seq 60); do [ "$(ls "$work/figures" 2>/dev/null | wc -l)" = 48 ] && break; sleep 0.5; done
[ "$(ls "$work/figures" | wc -l)" = 48 ] || { echo "the batch wrote $(ls "$work/figures" | wc -l) of 48 figures" >&2; exit 1; }
xdotool key Escape
sleep 1
# A moving picture of the network's filters.
xdotool mousemove 20 12 click 1
sleep 1
xdotool mousemove 47 375 click 1
sleep 1
xdotool mousemove 618 332 click 1
sleep 0.5
xdotool type --delay 20 "$work/moving.gif"
sleep 2
xdotool mousemove 439 413 click 1
for _ in $(seq 60); do [ -s "$work/moving.gif" ] && break; sleep 0.5; done
[ "$(head -c 6 "$work/moving.gif")" = GIF89a ] || { echo "no moving picture" >&2; exit 1; }
sleep 2
shot animate
xdotool key Escape
sleep 1
finish

start 'filterscope' view --model resnet50
sleep 3
shot needs_weights
finish

"$program" render assets/cat.png -o screenshots/mosaic.png --caption --quiet
"$program" render assets/cat.png -o screenshots/article.png --sheet --layout locations --colormap greys --quiet \
    --model Xception,VGG16,tf_efficientnet_lite0
echo "screenshots/mosaic.png screenshots/article.png"
