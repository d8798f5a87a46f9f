#!/usr/bin/env bash
# Makes the window's fonts from Inter's static fonts and Phosphor's regular font: figures of equal width frozen in, other characters left out.
# Wants fonttools and opentype-feature-freezer (Python packages).
#   make.sh FOLDER-WITH-Inter-*.otf Phosphor.ttf
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# Latin, Greek and Cyrillic for file names; dashes, sub- and superscripts, arrows, mathematical signs.
text=U+0020-007E,U+00A0-024F,U+0370-03FF,U+0400-045F,U+2010-2027,U+2030-203A,U+2044,U+2070-209C,U+20AC,U+2190-2199,U+2212,U+221E,U+2248,U+2260,U+2264,U+2265,U+25CF,U+2318,U+21E7,U+2303,U+2325,U+21B5
# The icons of `src/app/ui/icons.rs`.
icons=$(grep -o 'u{[0-9A-F]*}' "$here/../../src/app/ui/icons.rs" | sed 's/u{\(.*\)}/U+\1/' | paste -sd,)
for weight in Regular SemiBold; do
    frozen=$(mktemp --suffix .otf)
    pyftfeatfreeze -f tnum "$1/Inter-$weight.otf" "$frozen"
    pyftsubset "$frozen" --unicodes="$text" --layout-features=kern,mark,mkmk,ccmp,calt --no-hinting --desubroutinize --name-IDs='*' \
        --output-file="$here/Inter-$weight.otf"
    rm "$frozen"
done
pyftsubset "$2" --unicodes="$icons" --no-hinting --layout-features= --output-file="$here/Phosphor.ttf"
