//! A picture at some point of a model's own preprocessing: from which of the picture's channels each channel is computed, and how.
//!
//! Responsible for the arithmetic, in f64. Must not know layers.

use crate::tensor::{ChannelOrder, PixelSize, ValueScale};

/// One channel: `factor · x + offset`, where `x` is a sample of the original picture's channel `from` (0 is red).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Channel {
    from: usize,
    factor: f64,
    offset: f64,
}

/// The channels of a picture after some steps of preprocessing; all have the same size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PictureChannels {
    channels: Vec<Channel>,
    /// Whether this is a plane without an axis of channels, after one channel was picked by its number.
    is_plane: bool,
    /// Columns × rows, if the model fixes them.
    pub(super) size: Option<PixelSize>,
    /// Columns × rows that are left after a centre crop, if there was one.
    pub(super) crop: Option<PixelSize>,
}

impl PictureChannels {
    /// The unchanged picture: red, green, blue from 0 to 255.
    pub(super) fn raw(size: Option<PixelSize>) -> Self {
        let channels = (0..3).map(|from| Channel { from, factor: 1.0, offset: 0.0 }).collect();
        Self { channels, is_plane: false, size, crop: None }
    }

    /// `factor · value + offset`; `factor` and `offset` each have one number, or one per channel. `None` if they don't fit.
    pub(super) fn affine(&self, factor: &[f64], offset: &[f64]) -> Option<Self> {
        let num = self.channels.len();
        let fits = |numbers: &[f64]| numbers.len() == 1 || (numbers.len() == num && !self.is_plane);
        let is_sound = fits(factor) && fits(offset) && factor.iter().chain(offset).all(|v| v.is_finite());
        let of = |numbers: &[f64], at: usize| if numbers.len() == 1 { numbers[0] } else { numbers[at] };
        let channels = self.channels.iter().enumerate().map(|(at, c)| Channel {
            from: c.from,
            factor: c.factor * of(factor, at),
            offset: c.offset * of(factor, at) + of(offset, at),
        });
        is_sound.then(|| Self { channels: channels.collect(), ..self.clone() })
    }

    /// The channels with these numbers, in this order. `None` if one doesn't exist.
    pub(super) fn pick(&self, numbers: &[usize], is_plane: bool) -> Option<Self> {
        let channels: Option<Vec<Channel>> =
            numbers.iter().map(|at| self.channels.get(*at).copied()).collect();
        (!self.is_plane).then_some(Self { channels: channels?, is_plane, ..self.clone() })
    }

    pub(super) fn num_channels(&self) -> usize {
        self.channels.len()
    }

    /// The channels of all parts, one after the other: planes that are stacked, or pictures that are concatenated. `None` if the parts
    /// differ in size or kind.
    pub(super) fn join(parts: &[Self], of_planes: bool) -> Option<Self> {
        let first = parts.first()?;
        let is_alike = |p: &Self| p.is_plane == of_planes && (p.size, p.crop) == (first.size, first.crop);
        let channels = parts.iter().flat_map(|p| p.channels.iter().copied()).collect();
        parts.iter().all(is_alike).then(|| Self { channels, is_plane: false, ..first.clone() })
    }

    /// The picture after a centre crop to `target`.
    pub(super) fn cropped(self, target: PixelSize) -> Self {
        Self { crop: Some(target), ..self }
    }

    /// Whether the samples are unchanged.
    pub(super) fn is_raw(&self) -> bool {
        *self == Self { size: self.size, crop: self.crop, ..Self::raw(None) }
    }

    /// The mapping of samples as a `ValueScale`, if there are three channels in the order RGB or BGR. The error says in words why there
    /// is none.
    pub(super) fn scale(&self) -> Result<ValueScale, String> {
        let [a, b, c] = self.channels[..] else {
            return Err(format!("it makes {} channels of a picture", self.channels.len()));
        };
        let order = match (self.is_plane, [a.from, b.from, c.from]) {
            (false, [0, 1, 2]) => ChannelOrder::Rgb,
            (false, [2, 1, 0]) => ChannelOrder::Bgr,
            _ => return Err("its channels are neither RGB nor BGR".to_owned()),
        };
        let channels = [a, b, c];
        if channels.iter().any(|c| c.factor == 0.0 || !c.factor.is_finite() || !c.offset.is_finite()) {
            return Err("it makes nothing of a picture's values".to_owned());
        }
        let largest = channels.iter().flat_map(|c| [c.offset, 255.0 * c.factor + c.offset]);
        let largest = largest.fold(0.0, |m: f64, v| if v.abs() > m.abs() { v } else { m });
        if largest.abs() > MAX_VALUE {
            return Err(format!(
                "of samples from 0 to 255 it makes values up to {largest:.0}, so it wants samples that were mapped before"
            ));
        }
        // If the mapping is one of the named ones (Keras' modes among them), take it, so that it is computed in the usual way.
        let known = ValueScale::NAMED.map(|(_, scale)| scale);
        let known = known.into_iter().chain([ValueScale::UNIT, ValueScale::HALF, ValueScale::LITE]);
        let is_same = |scale: &ValueScale| {
            scale.order == order && (0..3).all(|at| Self::is_close(scale, at, channels[at]))
        };
        Ok(known.into_iter().find(is_same).unwrap_or_else(|| ValueScale {
            order,
            divisor: 1.0,
            mean: channels.map(|c| (-c.offset / c.factor) as f32),
            std: channels.map(|c| (1.0 / c.factor) as f32),
        }))
    }

    fn is_close(scale: &ValueScale, at: usize, channel: Channel) -> bool {
        let factor = 1.0 / (f64::from(scale.divisor) * f64::from(scale.std[at]));
        let offset = -f64::from(scale.mean[at]) / f64::from(scale.std[at]);
        (channel.factor - factor).abs() <= CLOSE * factor.abs()
            && (channel.offset - offset).abs() <= CLOSE * offset.abs().max(1.0)
    }
}

/// Relative tolerance for numbers that a file may have stored as f32.
const CLOSE: f64 = 1e-6;

/// Largest plausible input value: no network is trained on larger ones. A mapping that gives larger values for samples up to 255 was
/// made for samples up to 1.
const MAX_VALUE: f64 = 300.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_becomes_one_mapping() {
        let raw = PictureChannels::raw(None);
        assert!(raw.is_raw());
        let tf = raw.affine(&[1.0 / 127.5], &[0.0]).unwrap().affine(&[1.0], &[-1.0]).unwrap();
        assert_eq!(tf.scale(), Ok(ValueScale::TF));
        let caffe = raw.pick(&[2, 1, 0], false).unwrap().affine(&[1.0], &[-103.939, -116.779, -123.68]);
        assert_eq!(caffe.unwrap().scale(), Ok(ValueScale::CAFFE));
        let own = raw.affine(&[-0.5], &[10.0]).unwrap().scale().unwrap();
        assert_eq!((own.mean, own.std), ([20.0; 3], [-2.0; 3]));
        assert_eq!(raw.affine(&[1.0, 2.0], &[0.0]), None, "two numbers for three channels");
        assert_eq!(raw.affine(&[f64::NAN], &[0.0]), None);
        let planes = [2, 1, 0].map(|at| raw.pick(&[at], true).unwrap());
        assert_eq!(PictureChannels::join(&planes, true), raw.pick(&[2, 1, 0], false));
        assert!(raw.pick(&[1, 0, 2], false).unwrap().scale().is_err());
        assert!(raw.affine(&[2.0], &[-1.0]).unwrap().scale().unwrap_err().contains("up to 509"));
    }
}
