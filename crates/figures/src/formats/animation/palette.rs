//! A palette of at most 256 colours, and the search for the nearest one to a given colour.

use std::collections::HashMap;

/// The most colours of a GIF.
const MAX: usize = 256;
/// Steps of the blend between paper and ink, for the edges of letters.
const SHADES: usize = 16;

/// Colours in order, and a cache of the nearest colours found so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette {
    colours: Vec<[u8; 3]>,
    known: HashMap<[u8; 3], u8>,
}

impl Palette {
    /// A palette with the `needed` colours, the shades between `paper` and `ink`, and as many evenly spaced steps of the colour map
    /// as then fit in.
    pub fn new(map: &[[u8; 4]], needed: &[[u8; 4]], paper: [u8; 4], ink: [u8; 4]) -> Self {
        let mut colours: Vec<[u8; 3]> = Vec::new();
        let mut add = |colour: [u8; 3]| {
            if colours.len() < MAX && !colours.contains(&colour) {
                colours.push(colour);
            }
        };
        let opaque = |[r, g, b, _]: [u8; 4]| [r, g, b];
        needed.iter().copied().map(opaque).for_each(&mut add);
        for shade in 0..=SHADES {
            let mixed = |from: u8, to: u8| {
                ((usize::from(from) * (SHADES - shade) + usize::from(to) * shade) / SHADES) as u8
            };
            add([0, 1, 2].map(|at| mixed(paper[at], ink[at])));
        }
        let num_steps = map.len().min(MAX - needed.len().min(MAX / 2) - SHADES - 1).max(2);
        for step in 0..num_steps {
            if let Some(colour) = map.get(step * map.len().saturating_sub(1) / (num_steps - 1)) {
                add(opaque(*colour));
            }
        }
        Self { colours, known: HashMap::new() }
    }

    /// Red, green and blue of each colour in order.
    pub fn bytes(&self) -> Vec<u8> {
        self.colours.iter().flatten().copied().collect()
    }

    /// The index of a colour, or of the nearest colour to it. Alpha is ignored.
    pub fn index(&mut self, [r, g, b, _]: [u8; 4]) -> u8 {
        let colours = &self.colours;
        *self.known.entry([r, g, b]).or_insert_with(|| {
            let distance = |other: &[u8; 3]| -> u32 {
                [r, g, b].iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
            };
            (0..=u8::MAX)
                .zip(colours)
                .min_by_key(|(_, colour)| distance(colour))
                .map_or(0, |(index, _)| index)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_keeps_its_colours_within_a_level_or_two() {
        let map: Vec<[u8; 4]> = (0..=255).map(|x| [x, x / 2, 255 - x, 255]).collect();
        let mark = [214, 75, 42, 255];
        let mut palette = Palette::new(&map, &[mark], [255; 4], [0, 0, 0, 255]);
        assert!(palette.bytes().len() <= 3 * 256);
        let nearest = |palette: &mut Palette, colour| {
            let index = usize::from(palette.index(colour));
            palette.colours[index]
        };
        assert_eq!(nearest(&mut palette, mark), [214, 75, 42]);
        for colour in map {
            let got = nearest(&mut palette, colour);
            let worst = (0..3).map(|at| got[at].abs_diff(colour[at])).max().unwrap();
            assert!(worst <= 1, "{colour:?} became {got:?}");
        }
    }
}
