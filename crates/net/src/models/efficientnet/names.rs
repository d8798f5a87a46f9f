//! The names of `EfficientNet`'s layers in timm, Keras and torchvision.
//!
//! This module owns the spelling of names. It doesn't know what a layer computes.

/// The names of a layer.
pub(super) struct LayerNames {
    pub(super) timm: String,
    /// The Keras layer that has this value.
    pub(super) keras: Option<String>,
    /// The Keras layer that holds the parameters.
    pub(super) keras_params: Option<String>,
    /// torchvision's names. The node's own name comes first.
    pub(super) torchvision: Vec<String>,
}

/// Makes a layer's names. An empty `keras` means that Keras has no such layer.
fn names(timm: impl Into<String>, keras: &str, torchvision: &[&str]) -> LayerNames {
    let keras = (!keras.is_empty()).then(|| keras.to_owned());
    let torchvision = torchvision.iter().map(|&name| name.to_owned()).collect();
    LayerNames { timm: timm.into(), keras_params: keras.clone(), keras, torchvision }
}

/// Names of torchvision's module of convolution, norm and activation. The module's value is that of its activation.
fn unit(timm: [String; 3], keras: [&str; 3], module: &str) -> [LayerNames; 3] {
    let [conv, norm, act] = timm;
    [
        names(conv, keras[0], &[&format!("{module}.0")]),
        names(norm, keras[1], &[&format!("{module}.1")]),
        names(act, keras[2], &[module, &format!("{module}.2")]),
    ]
}

/// Names of the convolution, norm and activation before the blocks.
pub(super) fn stem() -> [LayerNames; 3] {
    let timm = ["conv_stem", "bn1", "bn1.act"].map(str::to_owned);
    unit(timm, ["stem_conv", "stem_bn", "stem_activation"], "features.0")
}

/// Names of the convolution, norm and activation after the blocks; `module` is their number in torchvision.
pub(super) fn head(module: usize) -> [LayerNames; 3] {
    let timm = ["conv_head", "bn2", "bn2.act"].map(str::to_owned);
    unit(timm, ["top_conv", "top_bn", "top_activation"], &format!("features.{module}"))
}

/// Names of a stage, for its last block.
pub(super) fn stage(s: usize) -> LayerNames {
    names(format!("blocks.{s}"), "", &[&format!("features.{}", s + 1)])
}

/// Makes the names of the layers in one block.
pub(super) struct BlockNames {
    timm: String,
    keras: String,
    torchvision: String,
    is_expanded: bool,
    has_gate: bool,
}

impl BlockNames {
    /// For the `at`-th block of stage `s`, both counted from 0.
    pub(super) fn new(s: usize, at: usize, is_expanded: bool, has_gate: bool) -> Self {
        // Keras names the blocks of a stage with letters; the longest stage, in B7, has 13.
        let letter = char::from(b'a' + (at % 26) as u8);
        Self {
            timm: format!("blocks.{s}.{at}"),
            keras: format!("block{}{letter}_", s + 1),
            torchvision: format!("features.{}.{at}", s + 1),
            is_expanded,
            has_gate,
        }
    }

    fn unit(&self, timm: [&str; 2], keras: [&str; 3], module: usize) -> [LayerNames; 3] {
        let [conv, norm] = timm.map(|part| format!("{}.{part}", self.timm));
        let act = format!("{norm}.act");
        let keras = keras.map(|part| format!("{}{part}", self.keras));
        let [a, b, c] = &keras;
        unit([conv, norm, act], [a, b, c], &format!("{}.block.{module}", self.torchvision))
    }

    /// The 1×1 convolution that widens, with norm and activation, if there is one.
    pub(super) fn expand(&self) -> Option<[LayerNames; 3]> {
        let keras = ["expand_conv", "expand_bn", "expand_activation"];
        self.is_expanded.then(|| self.unit(["conv_pw", "bn1"], keras, 0))
    }

    pub(super) fn depthwise(&self) -> [LayerNames; 3] {
        let keras = ["dwconv", "bn", "activation"];
        let norm = if self.is_expanded { "bn2" } else { "bn1" };
        self.unit(["conv_dw", norm], keras, usize::from(self.is_expanded))
    }

    /// The means, first convolution, its activation, second convolution, gate values and gated map.
    pub(super) fn squeeze_excite(&self) -> [LayerNames; 6] {
        let (timm, keras) = (format!("{}.se", self.timm), format!("{}se", self.keras));
        let module = format!("{}.block.{}", self.torchvision, usize::from(self.is_expanded) + 1);
        let of = |part: &str, layer: &str, its: &str| {
            names(format!("{timm}.{part}"), &format!("{keras}_{layer}"), &[&format!("{module}.{its}")])
        };
        // Keras' convolutions include the activation, which is a node of its own here, so these names are only for parameters.
        let params = |names: LayerNames| LayerNames { keras: None, ..names };
        [
            of("avg_pool", "squeeze", "avgpool"),
            params(of("conv_reduce", "reduce", "fc1")),
            of("act1", "reduce", "activation"),
            params(of("conv_expand", "expand", "fc2")),
            of("gate", "expand", "scale_activation"),
            names(timm.clone(), &format!("{keras}_excite"), &[&module]),
        ]
    }

    /// The 1×1 convolution that narrows, and its norm.
    pub(super) fn project(&self) -> [LayerNames; 2] {
        let module = usize::from(self.is_expanded) + usize::from(self.has_gate) + 1;
        let [conv, norm] = if self.is_expanded { ["conv_pwl", "bn3"] } else { ["conv_pw", "bn2"] };
        let [conv, mut norm, _] = self.unit([conv, norm], ["project_conv", "project_bn", ""], module);
        norm.torchvision.push(format!("{}.block.{module}", self.torchvision));
        [conv, norm]
    }

    /// The sum of the block's result and its input.
    pub(super) fn sum(&self) -> LayerNames {
        names(self.timm.clone(), &format!("{}add", self.keras), &[&self.torchvision])
    }

    /// The block's value, if it has no sum.
    pub(super) fn end(&self) -> LayerNames {
        names(self.timm.clone(), "", &[&self.torchvision])
    }
}
