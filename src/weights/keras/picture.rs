//! A picture on its way through a model's own preprocessing: which sample each channel is made of, and how.
//!
//! Owns the arithmetic, in f64. Must not know layers.

use crate::tensor::{ChannelOrder, PixelSize, ValueScale};

/// One channel: `factor · x + offset` of the picture's channel `from` (0 is red).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Channel {
    from: usize,
    factor: f64,
    offset: f64,
}

/// Channels of one extent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PictureChannels {
    channels: Vec<Channel>,
    /// Whether the axis of channels is gone, after one was picked by its number.
    is_plane: bool,
    /// Columns × rows, where the model fixes them.
    pub(super) size: Option<PixelSize>,
    /// What is left of it after a crop about the middle.
    pub(super) crop: Option<PixelSize>,
}

impl PictureChannels {
    /// Samples as they are: red, green, blue from 0 to 255.
    pub(super) fn raw(size: Option<PixelSize>) -> Self {
        let channels = (0..3).map(|from| Channel { from, factor: 1.0, offset: 0.0 }).collect();
        Self { channels, is_plane: false, size, crop: None }
    }

    /// `factor · value + offset`, each one number or one a channel.
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

    /// The channels of these numbers, in this order.
    pub(super) fn pick(&self, numbers: &[usize], is_plane: bool) -> Option<Self> {
        let channels: Option<Vec<Channel>> =
            numbers.iter().map(|at| self.channels.get(*at).copied()).collect();
        (!self.is_plane).then_some(Self { channels: channels?, is_plane, ..self.clone() })
    }

    pub(super) fn num_channels(&self) -> usize {
        self.channels.len()
    }

    /// Channels after each other: planes that are stacked, or pictures that are concatenated.
    pub(super) fn join(parts: &[Self], of_planes: bool) -> Option<Self> {
        let first = parts.first()?;
        let is_alike = |p: &Self| p.is_plane == of_planes && (p.size, p.crop) == (first.size, first.crop);
        let channels = parts.iter().flat_map(|p| p.channels.iter().copied()).collect();
        parts.iter().all(is_alike).then(|| Self { channels, is_plane: false, ..first.clone() })
    }

    /// The middle of it.
    pub(super) fn cropped(self, target: PixelSize) -> Self {
        Self { crop: Some(target), ..self }
    }

    /// Whether nothing was done to the samples.
    pub(super) fn is_raw(&self) -> bool {
        *self == Self { size: self.size, crop: self.crop, ..Self::raw(None) }
    }

    /// The mapping, where three channels come as RGB or BGR. The error says what doesn't.
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
        // Keras' own modes are computed as Keras computes them.
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

/// Numbers that a file keeps in f32 are this near to those that they stand for.
const CLOSE: f64 = 1e-6;

/// No network is trained on larger values; a mapping that makes such ones of samples to 255 was made for samples to 1.
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
