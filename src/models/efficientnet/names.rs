//! What `EfficientNet`'s layers are called by timm, Keras and torchvision.
//!
//! Owns the spelling of names. Must not know what a layer computes.

/// A layer's names.
pub(super) struct LayerNames {
    pub(super) timm: String,
    /// The layer with this value.
    pub(super) keras: Option<String>,
    /// The layer that holds the parameters.
    pub(super) keras_params: Option<String>,
    /// The node's own name comes first.
    pub(super) torchvision: Vec<String>,
}

/// An empty `keras`: it has no such layer.
fn names(timm: impl Into<String>, keras: &str, torchvision: &[&str]) -> LayerNames {
    let keras = (!keras.is_empty()).then(|| keras.to_owned());
    let torchvision = torchvision.iter().map(|&name| name.to_owned()).collect();
    LayerNames { timm: timm.into(), keras_params: keras.clone(), keras, torchvision }
}

/// torchvision's module of convolution, norm and activation, whose value is its activation's.
fn unit(timm: [String; 3], keras: [&str; 3], module: &str) -> [LayerNames; 3] {
    let [conv, norm, act] = timm;
    [
        names(conv, keras[0], &[&format!("{module}.0")]),
        names(norm, keras[1], &[&format!("{module}.1")]),
        names(act, keras[2], &[module, &format!("{module}.2")]),
    ]
}

/// Convolution, norm and activation before the blocks.
pub(super) fn stem() -> [LayerNames; 3] {
    let timm = ["conv_stem", "bn1", "bn1.act"].map(str::to_owned);
    unit(timm, ["stem_conv", "stem_bn", "stem_activation"], "features.0")
}

/// Convolution, norm and activation after them; `module` is torchvision's number.
pub(super) fn head(module: usize) -> [LayerNames; 3] {
    let timm = ["conv_head", "bn2", "bn2.act"].map(str::to_owned);
    unit(timm, ["top_conv", "top_bn", "top_activation"], &format!("features.{module}"))
}

/// The last block of a stage, for its stage.
pub(super) fn stage(s: usize) -> LayerNames {
    names(format!("blocks.{s}"), "", &[&format!("features.{}", s + 1)])
}

/// The names in one block.
pub(super) struct BlockNames {
    timm: String,
    keras: String,
    torchvision: String,
    is_expanded: bool,
    has_gate: bool,
}

impl BlockNames {
    /// The `at`-th block of stage `s`, both counted from 0.
    pub(super) fn new(s: usize, at: usize, is_expanded: bool, has_gate: bool) -> Self {
        // Keras counts blocks in letters; B7's longest stage has 13.
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

    /// The 1×1 that widens, where there is one.
    pub(super) fn expand(&self) -> Option<[LayerNames; 3]> {
        let keras = ["expand_conv", "expand_bn", "expand_activation"];
        self.is_expanded.then(|| self.unit(["conv_pw", "bn1"], keras, 0))
    }

    pub(super) fn depthwise(&self) -> [LayerNames; 3] {
        let keras = ["dwconv", "bn", "activation"];
        let norm = if self.is_expanded { "bn2" } else { "bn1" };
        self.unit(["conv_dw", norm], keras, usize::from(self.is_expanded))
    }

    /// Means, first convolution, its activation, second convolution, gates, gated map.
    pub(super) fn squeeze_excite(&self) -> [LayerNames; 6] {
        let (timm, keras) = (format!("{}.se", self.timm), format!("{}se", self.keras));
        let module = format!("{}.block.{}", self.torchvision, usize::from(self.is_expanded) + 1);
        let of = |part: &str, layer: &str, its: &str| {
            names(format!("{timm}.{part}"), &format!("{keras}_{layer}"), &[&format!("{module}.{its}")])
        };
        // The value of Keras' convolutions is after what is a node of its own here.
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

    /// The 1×1 that narrows, and its norm.
    pub(super) fn project(&self) -> [LayerNames; 2] {
        let module = usize::from(self.is_expanded) + usize::from(self.has_gate) + 1;
        let [conv, norm] = if self.is_expanded { ["conv_pwl", "bn3"] } else { ["conv_pw", "bn2"] };
        let [conv, mut norm, _] = self.unit([conv, norm], ["project_conv", "project_bn", ""], module);
        norm.torchvision.push(format!("{}.block.{module}", self.torchvision));
        [conv, norm]
    }

    /// The sum of what the block makes and its input.
    pub(super) fn sum(&self) -> LayerNames {
        names(self.timm.clone(), &format!("{}add", self.keras), &[&self.torchvision])
    }

    /// The block's value where there is no sum.
    pub(super) fn end(&self) -> LayerNames {
        names(self.timm.clone(), "", &[&self.torchvision])
    }
}
