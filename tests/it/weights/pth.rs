//! PyTorch's `.pth` files, in every way in which people save them.

use filterscope::weights::Format;

use super::{assert_values, bind};

#[test]
fn each_way_of_saving_gives_the_same_values() {
    for (name, format, notes) in [
        ("plain.pth", Format::TorchZip, ""),
        ("protocol_4.pth", Format::TorchZip, ""),
        ("packed.pth", Format::TorchZip, ""),
        ("nested.pth", Format::TorchZip, "taken from `state_dict`"),
        ("parallel.pth", Format::TorchZip, "`module.` cut off all names"),
        ("parameters.pth", Format::TorchZip, ""),
        ("half.pth", Format::TorchZip, ""),
        ("bfloat16.pth", Format::TorchZip, ""),
        ("double.pth", Format::TorchZip, ""),
        ("views.pth", Format::TorchZip, ""),
        ("old_kind.pth", Format::TorchLegacy, ""),
        ("old_kind_nested.pth", Format::TorchLegacy, "taken from `model`"),
        ("old_kind_views.pth", Format::TorchLegacy, ""),
    ] {
        let (file, bound) = bind(name);
        assert_eq!(file.format(), format, "{name}");
        assert_eq!(file.notes().join("; "), notes, "{name}");
        // Quarters up to 8 are exact in each of the element types.
        assert_values(name, &bound);
        assert_eq!(bound.num_head_tensors(), 1, "{name}");
    }
}
