"""Writes the references beside it from the activations in `tests/fixtures/goldens_real`, which Keras and torch computed in float64 for
the weights in `weights/` on the picture `assets/cat.png` (see `tests/fixtures/make_keras_real_goldens.py` and
`tests/fixtures/make_real_goldens.py`). It needs Python alone.

    python assets/selfcheck/make.py        # from the repository's root
"""

import hashlib
import json
import pathlib

# tag: folder of the activations, size, weights, framework, names that differ from the graph's
CASES = {
    "xception.keras_in1k": (
        "xception_keras_in1k", "299", "xception_keras_in1k_notop.f16.safetensors", "keras", {}),
    "vgg16.keras_in1k": (
        "vgg16_keras_in1k", "224", "vgg16_keras_in1k_notop.f16.safetensors", "keras", {}),
    # timm's modules of these names apply the activation too.
    "tf_efficientnet_lite0.in1k": (
        "tf_efficientnet_lite0", "224", "tf_efficientnet_lite0.f16.safetensors", "torch", {"bn1": "bn1.act", "bn2": "bn2.act"}),
}

for tag, (folder, size, weights, framework, names) in CASES.items():
    stages = json.loads(pathlib.Path("tests/fixtures/goldens_real", folder, "stages.json").read_text())
    reference = {
        "tag": tag,
        "weights_sha256": hashlib.sha256(pathlib.Path("weights", weights).read_bytes()).hexdigest(),
        "made_by": f"{framework.capitalize() if framework == 'keras' else framework} {stages[framework]}",
        "layers": [
            {
                "name": names.get(stage["name"], stage["name"]),
                "shape": stage["shape"][1:],
                "mean": stage["mean"],
                "abs_max": stage["abs_max"],
                "samples": list(zip(stage["sample_index"], stage["sample_value"])),
            }
            for stage in stages["inputs"][size]["stages"]
        ],
    }
    path = pathlib.Path("assets/selfcheck", f"{tag}.json")
    path.write_text(json.dumps(reference, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")
