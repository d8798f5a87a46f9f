#!/usr/bin/env bash
# Starts the real program under Xvfb with software OpenGL, drives it with mouse and keys, and writes screenshots/*.png.
# Installs what it needs on Debian (as root). Look at the pictures afterwards: nothing compares them.
set -euo pipefail
cd "$(dirname "$0")/.."

need=()
for tool in Xvfb:xvfb xdotool:xdotool import:imagemagick xdpyinfo:x11-utils; do
    command -v "${tool%%:*}" >/dev/null || need+=("${tool##*:}")
done
# A stand-in named `convert` may exist without the real ImageMagick; `import` is the one that is used here.
if [ ${#need[@]} -gt 0 ]; then
    apt-get update -qq && apt-get install -qq -y --no-install-recommends "${need[@]}"
fi

mkdir -p screenshots
cargo build --release
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
program="$target/release/filterscope"

work=$(mktemp -d)
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

start 'cat.png .* inception_v3.moderation .* Mixed_7c'
xdotool mousemove 642 233
sleep 1
shot window
for _ in $(seq 7); do xdotool click 4; sleep 0.1; done
sleep 1
shot zoom
xdotool mousemove 640 400 click 1
sleep 0.3
xdotool key f
xdotool key ctrl+q
wait "$app"

# The same program, led by typing: a log's path into the path field, then through its moments.
start 'cat.png .* tf_efficientnet_lite0.in1k .* bn2.act' view --model tf_efficientnet_lite0.in1k
xdotool mousemove 100 105 click 1
xdotool type --delay 15 "assets/drive/interpolated.csv"
xdotool key Return
wait_for 'drive, row 0, center'
for moment in 1 2 3 4 5 6; do
    xdotool mousemove 640 420
    xdotool key Next
    wait_for "drive, row $moment, center"
done
shot drive
xdotool key F1
sleep 1
shot help
finish

start 'filterscope' view --model resnet50
sleep 3
shot needs_weights
finish

"$program" render assets/cat.png -o screenshots/mosaic.png --caption --quiet
"$program" render assets/cat.png -o screenshots/sheet.png --sheet --layout cells --colormap greys --quiet \
    --model inception_v3.moderation,tf_efficientnet_lite0.in1k
echo "screenshots/mosaic.png screenshots/sheet.png"
