#!/usr/bin/env bash
# Starts the real program under Xvfb with software OpenGL, drives it with mouse and keys, and writes screenshots/*.png.
# Installs the packages it needs on Debian (as root). Check the pictures by eye afterwards; they aren't compared automatically.
set -euo pipefail
cd "$(dirname "$0")/.."

need=()
for tool in Xvfb:xvfb xdotool:xdotool import:imagemagick xdpyinfo:x11-utils; do
    command -v "${tool%%:*}" >/dev/null || need+=("${tool##*:}")
done
python3 -c 'import Xlib' 2>/dev/null || need+=(python3-xlib)
# The check above looks for `import`, which is used here. Another program named `convert` may exist without ImageMagick.
if [ ${#need[@]} -gt 0 ]; then
    apt-get update -qq && apt-get install -qq -y --no-install-recommends "${need[@]}"
fi

mkdir -p screenshots
# FILTERSCOPE_PROGRAM may name a program that is already built.
program=${FILTERSCOPE_PROGRAM:-}
if [ -z "$program" ]; then
    cargo build --release
    target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    program="$target/release/filterscope"
fi

work=$(mktemp -d)
# The program's remembered settings are kept in a folder of this script only.
export HOME="$work/home" XDG_DATA_HOME="$work/home/data"
mkdir -p "$XDG_DATA_HOME"
export DISPLAY=:${FILTERSCOPE_DISPLAY:-78} LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
Xvfb "$DISPLAY" -screen 0 1280x760x24 -nolisten tcp >"$work/xvfb.log" 2>&1 &
xvfb=$!
app=
trap 'kill $app $xvfb 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done

# There is no window manager: the window is at 0,0 and fills the screen.
# start TITLE ARGS…: starts the program and waits until its title matches TITLE. (xdotool's patterns are bytes, so TITLE must be ASCII.)
start() {
    local title=$1
    shift
    "$program" "$@" >"$work/program.log" 2>&1 &
    app=$!
    window=$(timeout 60 xdotool search --sync --onlyvisible --name "$title" | head -n 1)
    xdotool windowfocus "$window"
    sleep 1
}

# wait_for TITLE: waits until the window's title matches.
wait_for() {
    timeout 60 xdotool search --sync --onlyvisible --name "$1" >/dev/null
    sleep 1
}

shot() {
    import -window root "screenshots/$1.png"
    echo "screenshots/$1.png"
}

# finish: closes the window as a person would, and fails unless the program exits with code 0.
finish() {
    xdotool key --window "$window" ctrl+q
    wait "$app"
}

# palette WORDS: does what the command palette finds for these words.
palette() {
    xdotool key ctrl+shift+p
    sleep 1
    xdotool type --delay 40 "$1"
    sleep 1
    xdotool key Return
    sleep 1
}

start 'cat.png .* xception.keras_in1k .* act4'
sleep 5
xdotool mousemove 642 233 click 1
sleep 4
shot window
# The picture in the right panel: a box around an eye.
xdotool mousemove 1150 125 mousedown 1
for step in 1 2 3 4; do xdotool mousemove $((1150 + 7 * step)) $((125 + 6 * step)); sleep 0.2; done
xdotool mouseup 1
xdotool mousemove 640 660
sleep 2
shot box
xdotool mousemove 1164 137 click 1
xdotool mousemove 642 233
for _ in $(seq 7); do xdotool click 4; sleep 0.1; done
sleep 1
shot zoom
xdotool mousemove 640 400
xdotool key f
sleep 0.5

# Compare: two more views with other networks; the pointer is on an eye of the cat.
for network in vgg16.keras_in1k tf_efficientnet_lite0.in1k; do
    xdotool key ctrl+t
    sleep 1
    palette "$network"
    wait_for "cat.png .* $network"
done
xdotool mousemove 445 240
for _ in $(seq 7); do xdotool click 4; sleep 0.1; done
sleep 2
xdotool mousemove 430 225
sleep 1
shot compare
xdotool key f
sleep 0.5
xdotool key Escape
for view in 3 2; do
    xdotool key "ctrl+$view"
    sleep 1
    xdotool key ctrl+w
    sleep 1
done
wait_for 'cat.png .* xception.keras_in1k'

# Goes by key to a layer of 37x37 maps, then shows the details of a channel; a picture of each layer for the moving one.
xdotool mousemove 640 700
mkdir -p "$work/walk"
n=0
for layer in act3 block12 block11 block10 block9 block8 block7 block6 block5 block4 block3 block2; do
    import -window root "$work/walk/$(printf %02d $n).png"
    n=$((n + 1))
    xdotool key alt+Up
    wait_for "cat.png .* $layer"
done
sleep 2
import -window root "$work/walk/$(printf %02d $n).png"
shot layers
convert -delay 70 -loop 0 "$work"/walk/*.png -resize 960x -colors 96 -layers optimize screenshots/walk.gif
echo screenshots/walk.gif
xdotool mousemove 470 215 click 1
sleep 3
xdotool mousemove 1045 125
sleep 1
shot filter
xdotool mousemove 640 400

# Drops a file as a file manager does.
python3 tools/drop_file.py "$window" 640 400 assets/drive/center/1500000000004200000.jpg
wait_for '1500000000004200000.jpg .* block2'

xdotool key Escape
finish
test -n "$(find "$XDG_DATA_HOME" -name '*.ron')" || { echo "nothing was remembered" >&2; exit 1; }

# The next start of the program opens what was open last.
start '1500000000004200000.jpg .* block2'
sleep 3
shot next_day
finish

# A log, by typing its path.
start 'cat.png .* tf_efficientnet_lite0.in1k .* bn2.act' view --model tf_efficientnet_lite0.in1k
xdotool mousemove 140 174 click 1
sleep 0.5
xdotool type --delay 30 "assets/drive/interpolated.csv"
xdotool key Return
wait_for 'drive, row 0, center'
xdotool mousemove 640 200 click 1
for frame in 1 2 3 4 5 6; do
    xdotool mousemove 640 300
    xdotool key Next
    wait_for "drive, row $frame, center"
done
sleep 2
shot frames
# Feature extraction of the log: the plan in its dialog.
palette 'Extract features'
sleep 1
xdotool mousemove 600 444 click 1
sleep 0.5
xdotool type --delay 20 "$work/features"
sleep 3
shot extract
xdotool key Escape
xdotool key Escape
sleep 1
palette 'Cameras side by side'
sleep 5
xdotool mousemove 640 290
sleep 1
shot drive
xdotool key F1
sleep 1
shot help
finish

start 'drive, row 0, center' view --model tf_efficientnet_lite0.in1k assets/drive/interpolated.csv
sleep 2
# A batch: both networks, a typed folder, Start; at the end every figure must exist.
xdotool key ctrl+e
sleep 2
xdotool mousemove 400 317 click 1
sleep 0.5
xdotool mousemove 580 421 click 1
sleep 0.5
xdotool type --delay 20 "$work/figures"
sleep 3
shot batch
xdotool mousemove 408 625 click 1
for _ in $(seq 120); do [ "$(ls "$work/figures" 2>/dev/null | wc -l)" = 48 ] && break; sleep 0.5; done
[ "$(ls "$work/figures" | wc -l)" = 48 ] || { echo "the batch wrote $(ls "$work/figures" | wc -l) of 48 figures" >&2; exit 1; }
xdotool key Escape
sleep 1
# An animation of the network's channels.
palette 'Animate'
sleep 1
xdotool mousemove 620 345 click 1
sleep 0.5
xdotool type --delay 20 "$work/moving.gif"
sleep 3
# The button to choose a file, then Start.
xdotool key Tab
sleep 0.5
xdotool key Tab
sleep 0.5
xdotool key space
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
