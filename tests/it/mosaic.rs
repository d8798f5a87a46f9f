//! Mosaics are compared byte for byte with pictures that `fixtures/mosaics/make.py` computed; figures and sheets of every size.

use std::sync::Arc;

use filterscope::{
    mosaic::{
        Caption, CaptionSide, ColourChoice, ColourMap, FigureSettings, Grid, MAX_SIDE, Mosaic, MosaicError,
        MosaicLayout, MosaicSettings, MosaicSpot, Normalisation, Paper, Pixels, RangeUsed, SheetPanel,
        SheetPicture, SheetSettings, SpecialLook, compose, enlarge, figure, sheet,
    },
    tensor::{Activation, ChannelKind, LayerStats, MapShape},
};

use crate::support::{
    fixture,
    npy::{npy_f32, npy_u8},
};

/// The first channels, rows and columns of a stored activation.
fn real(path: &str, channels: usize, height: usize, width: usize) -> Activation {
    let (shape, values) = npy_f32(fixture("goldens_real").join(path));
    let (all_rows, all_columns) = (shape[2], shape[3]);
    let mut cropped = Vec::new();
    for channel in 0..channels {
        for row in 0..height {
            let start = (channel * all_rows + row) * all_columns;
            cropped.extend_from_slice(&values[start..start + width]);
        }
    }
    Activation::new(path, MapShape::new(channels, height, width), cropped).unwrap()
}

fn special() -> Activation {
    let (shape, values) = npy_f32(fixture("mosaics/special_input.npy"));
    Activation::new("special", MapShape::new(shape[0], shape[1], shape[2]), values).unwrap()
}

fn mosaic_of(activation: &Activation, settings: &MosaicSettings) -> Mosaic {
    compose(activation, &LayerStats::of(activation), settings).unwrap()
}

fn greys() -> MosaicSettings {
    MosaicSettings { colour: ColourChoice::Map(ColourMap::Greys), ..MosaicSettings::default() }
}

fn blue_red() -> MosaicSettings {
    MosaicSettings { colour: ColourChoice::Map(ColourMap::BlueRed), ..MosaicSettings::default() }
}

#[test]
fn mosaics_equal_the_pictures_of_an_independent_script() {
    let mixed = real("xception_keras_in1k/final_299.npy", 30, 10, 10);
    let stem = real("tf_efficientnet_lite0/bn1_224.npy", 24, 5, 7);
    let signed = real("tf_efficientnet_lite0/blocks_3_2_224.npy", 20, 9, 14);
    let odd = special();
    let order: Arc<[usize]> = [29, 3, 17, 0, 8].into();
    let grid = |rows, columns| Some(Grid { rows, columns });
    let (cells, dark) = (MosaicLayout::Locations, Paper::Dark);
    let (global, cell) = (Normalisation::Layer, Normalisation::Location);
    let percentile = Normalisation::Percentile { low: 2.5, high: 97.0 };
    let fixed = Normalisation::Fixed { low: -8.0, high: 4.0 };
    let cases = [
        ("mixed_filter_greys", &mixed, MosaicSettings { gap: 0, ..greys() }),
        (
            "mixed_global_dark",
            &mixed,
            MosaicSettings { normalisation: global, scale: 2, gap: 3, paper: dark, ..greys() },
        ),
        ("mixed_percentile", &mixed, MosaicSettings { normalisation: percentile, ..greys() }),
        ("mixed_ordered", &mixed, MosaicSettings { order: Some(order), grid: grid(2, 4), ..greys() }),
        ("stem_cells_filter", &stem, MosaicSettings { layout: cells, gap: 2, ..greys() }),
        (
            "stem_cells_cell",
            &stem,
            MosaicSettings { layout: cells, normalisation: cell, scale: 2, grid: grid(5, 6), ..greys() },
        ),
        ("stem_filter_cell", &stem, MosaicSettings { normalisation: cell, ..greys() }),
        ("signed_filter_blue_red", &signed, blue_red()),
        (
            "signed_symmetric_greys",
            &signed,
            MosaicSettings { normalisation: Normalisation::Symmetric, ..greys() },
        ),
        (
            "signed_fixed_blue_red",
            &signed,
            MosaicSettings { normalisation: fixed, paper: dark, ..blue_red() },
        ),
        ("special_filter", &odd, MosaicSettings { scale: 3, ..greys() }),
        (
            "special_filter_blue_red",
            &odd,
            MosaicSettings { scale: 2, grid: grid(3, 4), paper: dark, ..blue_red() },
        ),
        ("special_global", &odd, MosaicSettings { normalisation: global, ..greys() }),
        ("special_cells", &odd, MosaicSettings { layout: cells, scale: 2, ..greys() }),
    ];
    for (name, activation, settings) in &cases {
        let pixels = mosaic_of(activation, settings).pixels;
        let (shape, expected) = npy_u8(fixture("mosaics").join(format!("{name}.npy")));
        assert_eq!([pixels.height() as usize, pixels.width() as usize, 4], shape[..], "{name}");
        if let Some(at) = pixels.rgba().iter().zip(&expected).position(|(got, wanted)| got != wanted) {
            let (x, y) = (at / 4 % pixels.width() as usize, at / 4 / pixels.width() as usize);
            let start = at / 4 * 4;
            panic!(
                "{name} at ({x}, {y}): {:?}, expected {:?}",
                &pixels.rgba()[start..start + 4],
                &expected[start..start + 4]
            );
        }
    }
}

#[test]
fn as_many_tiles_as_channels_on_a_map_that_is_not_square() {
    let (shape, values) = npy_f32(fixture("goldens_real/xception_keras_in1k/final_480x640.npy"));
    let shape = MapShape::new(shape[1], shape[2], shape[3]);
    let activation = Activation::new("act4", shape, values).unwrap();
    for layout in MosaicLayout::ALL {
        let mosaic = mosaic_of(&activation, &MosaicSettings { layout, ..MosaicSettings::default() });
        assert_eq!(mosaic.geometry.grid(), Grid { rows: 32, columns: 64 });
        let mut seen = vec![0; shape.channels];
        for y in 0..mosaic.pixels.height() {
            for x in 0..mosaic.pixels.width() {
                if let Some(value) = mosaic.value_at(x, y) {
                    seen[value.channel] += 1;
                }
            }
        }
        assert!(seen.iter().all(|num_pixels| *num_pixels == shape.plane()));
    }
}

#[test]
fn a_pixel_of_a_reordered_mosaic_gives_its_channel() {
    let activation = special();
    let order: Arc<[usize]> = [8, 0, 3].into();
    let mosaic = mosaic_of(&activation, &MosaicSettings { order: Some(order), scale: 2, ..greys() });
    let found = mosaic.value_at(12 + 3, 5).unwrap();
    assert_eq!((found.channel, found.position, found.row, found.column), (0, 1, 2, 2));
    let rect = mosaic.geometry.channel_rect(mosaic.order.position_of(3).unwrap()).unwrap();
    assert_eq!(mosaic.value_at(rect.x, rect.y).unwrap().channel, 3);
    assert_eq!(mosaic.value_at(10, 0), None, "a gap");
    assert_eq!(mosaic.geometry.spot_at(10, 0), Some(MosaicSpot::Gap));
    assert_eq!(
        mosaic.counts.live + mosaic.counts.constant + mosaic.counts.dead,
        10 - 4,
        "counts are the layer's"
    );
}

#[test]
fn dead_constant_nan_and_infinite_have_looks_of_their_own() {
    let activation = special();
    for colour_map in ColourMap::ALL {
        let settings = MosaicSettings { colour: ColourChoice::Map(colour_map), ..MosaicSettings::default() };
        let mosaic = mosaic_of(&activation, &settings);
        let shown = |channel: usize, row: usize, column: usize| {
            let rect = mosaic.geometry.value_rect(channel, row, column).unwrap();
            mosaic.pixels.pixel(rect.x, rect.y).unwrap()
        };
        let paper = Paper::Light;
        assert_eq!(shown(1, 0, 0), SpecialLook::Dead.colour(paper));
        assert_eq!(shown(2, 0, 0), SpecialLook::Dead.colour(paper), "residue of 1e-9 is not blown up");
        assert_eq!(shown(2, 0, 1), SpecialLook::Dead.colour(paper));
        assert_eq!(shown(3, 1, 1), SpecialLook::Constant.colour(paper));
        assert_eq!(
            shown(9, 1, 1),
            SpecialLook::Constant.colour(paper),
            "residue on a constant is not blown up"
        );
        assert_eq!(shown(4, 1, 2), SpecialLook::Nan.colour(paper));
        assert_eq!(shown(4, 2, 4), *colour_map.table().last().unwrap(), "a NaN doesn't spoil its tile");
        assert_eq!(shown(5, 1, 1), SpecialLook::Nan.colour(paper));
        assert_eq!(shown(6, 0, 0), SpecialLook::Infinite.colour(paper));
        assert_eq!(shown(6, 2, 4), SpecialLook::Infinite.colour(paper));
        let table = colour_map.table();
        assert!(table.contains(&shown(6, 1, 1)) && table.contains(&shown(0, 0, 1)));
        assert_eq!(
            mosaic.looks,
            [SpecialLook::Dead, SpecialLook::Constant, SpecialLook::Nan, SpecialLook::Infinite]
        );
    }
    let global = mosaic_of(&activation, &MosaicSettings { normalisation: Normalisation::Layer, ..greys() });
    assert_eq!(
        global.looks,
        [SpecialLook::Dead, SpecialLook::Nan, SpecialLook::Infinite],
        "in a shared range a constant has a colour"
    );
}

#[test]
fn broken_layers_still_make_a_picture() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -3.0, f32::MAX, f32::MIN_POSITIVE] {
        for other in [value, f32::MIN, 0.0] {
            let values: Vec<f32> = (0..24).map(|i| if i % 5 == 0 { other } else { value }).collect();
            let activation = Activation::new("t", MapShape::new(4, 2, 3), values).unwrap();
            for text in ["channel", "location", "layer", "percentile", "fixed:-3e38,3e38", "symmetric"] {
                let normalisation = text.parse().unwrap();
                for colour in [ColourMap::Magma, ColourMap::BlueRed].map(ColourChoice::Map) {
                    for layout in MosaicLayout::ALL {
                        let settings =
                            MosaicSettings { normalisation, colour, layout, ..MosaicSettings::default() };
                        let mosaic = mosaic_of(&activation, &settings);
                        let caption = Caption::of(&mosaic, "p", "t");
                        figure(&mosaic, &caption, &FigureSettings::default()).unwrap();
                    }
                }
            }
        }
    }
}

#[test]
fn zero_is_the_middle_of_a_diverging_map_and_black_in_magma() {
    let values = vec![-1.0, 0.0, 4.0, 0.0, 0.5, 0.25];
    let activation = Activation::new("t", MapShape::new(2, 1, 3), values).unwrap();
    for text in ["channel", "location", "layer", "symmetric", "percentile:0,100"] {
        let settings = MosaicSettings { normalisation: text.parse().unwrap(), ..MosaicSettings::default() };
        let mosaic = mosaic_of(&activation, &settings);
        assert_eq!(mosaic.colour_map, ColourMap::BlueRed, "a signed layer takes the diverging map by itself");
        for (channel, column) in [(0, 1), (1, 0)] {
            let rect = mosaic.geometry.value_rect(channel, 0, column).unwrap();
            assert_eq!(mosaic.pixels.pixel(rect.x, rect.y), Some([0xf7, 0xf7, 0xf7, 255]), "{text}");
        }
    }
    let sparse = Activation::new("t", MapShape::new(1, 1, 3), vec![0.0, 2.0, 1.0]).unwrap();
    let mosaic = mosaic_of(&sparse, &MosaicSettings::default());
    assert_eq!(mosaic.colour_map, ColourMap::Magma);
    assert_eq!(mosaic.pixels.pixel(0, 0), Some([0, 0, 4, 255]));
    assert!(matches!(mosaic.range, RangeUsed::PerChannel(range) if (range.low, range.high) == (0.0, 2.0)));
}

#[test]
fn any_colour_map_is_the_grey_mosaic_looked_up() {
    let activation = real("xception_keras_in1k/final_299.npy", 16, 10, 10);
    let kinds = LayerStats::of(&activation).channels;
    let live: Arc<[usize]> = (0..16).filter(|channel| kinds[*channel].kind == ChannelKind::Live).collect();
    let grid = Some(Grid { rows: 1, columns: live.len() });
    let only_values = MosaicSettings { gap: 0, grid, order: Some(live), ..greys() };
    let grey = mosaic_of(&activation, &only_values).pixels;
    for map in ColourMap::ALL.into_iter().filter(|map| !map.is_diverging()) {
        let coloured =
            mosaic_of(&activation, &MosaicSettings { colour: ColourChoice::Map(map), ..only_values.clone() })
                .pixels;
        let table = map.table();
        for (got, level) in coloured.rgba().chunks_exact(4).zip(grey.rgba().chunks_exact(4)) {
            assert_eq!(got, table[level[0] as usize], "{map}");
        }
    }
}

#[test]
fn bad_requests_say_what_is_needed() {
    let activation = special();
    let stats = LayerStats::of(&activation);
    let message = |settings: MosaicSettings| compose(&activation, &stats, &settings).unwrap_err().to_string();
    let grid = Some(Grid { rows: 3, columns: 3 });
    assert_eq!(
        message(MosaicSettings { grid, ..greys() }),
        "grid 3x3 holds 9 tiles, but there are 10 channels; take 3x4 or larger"
    );
    assert_eq!(
        message(MosaicSettings { scale: 0, ..greys() }),
        "scale must be at least 1 pixel per value, got 0"
    );
    assert_eq!(
        message(MosaicSettings { order: Some([0, 10].into()), ..greys() }),
        "order of tiles: expected channels below 10, got 10"
    );
    assert!(message(MosaicSettings { scale: 60_000, ..greys() }).starts_with("the mosaic would be 1500004×"));
    let other = LayerStats::of(&real("xception_keras_in1k/final_299.npy", 4, 10, 10));
    assert_eq!(
        compose(&activation, &other, &greys()).unwrap_err(),
        MosaicError::StatsMismatch { expected: 10, got: 4 }
    );
}

#[test]
fn captions_say_what_the_picture_means() {
    let activation = special();
    let mosaic = mosaic_of(&activation, &greys());
    let plain = |line: &str| line.replace('\u{a0}', " ");
    let caption = Caption::of(&mosaic, "cat.jpg", "inception_v3.tf_in1k");
    assert_eq!(plain(&caption.title), "cat.jpg · inception_v3.tf_in1k · special 10×3×5");
    assert_eq!(
        caption.details.iter().map(|line| plain(line)).collect::<Vec<_>>(),
        ["each channel by its own range, within −4 … 14 · dead 2 · constant 2 · NaN 3 · infinite 1"]
    );
    let settings = MosaicSettings {
        normalisation: Normalisation::Fixed { low: 0.0, high: 6.0 },
        order: Some([1, 2].into()),
        ..greys()
    };
    let caption = Caption::of(&mosaic_of(&activation, &settings), &"x".repeat(300), "t");
    assert_eq!(caption.title.chars().filter(|c| *c == 'x').count(), 47);
    assert_eq!(
        caption.details.iter().map(|line| plain(line)).collect::<Vec<_>>(),
        ["fixed range: 0 … 6 · dead 2 · constant 2 · NaN 3 · infinite 1 · 2 of 10 channels shown"]
    );
}

#[test]
fn figures_of_every_size_keep_the_mosaic_untouched() {
    let long = Caption {
        title: "a very long title that no narrow mosaic can hold ".repeat(8),
        details: vec!["\n\tw\u{202e}".repeat(50), String::new(), "Ⓤ日本語🙂 × − …".into()],
    };
    let seed = special();
    for (channels, height, width, scale) in
        [(1, 1, 1, 1), (1, 3, 5, 1), (10, 3, 5, 1), (2, 1, 5, 9), (10, 3, 5, 30), (1, 3, 1, 200)]
    {
        let crop: Vec<f32> = (0..channels * height * width).map(|i| seed.values()[i]).collect();
        let activation = Activation::new("t", MapShape::new(channels, height, width), crop).unwrap();
        for paper in Paper::ALL {
            let mosaic =
                mosaic_of(&activation, &MosaicSettings { scale, paper, ..MosaicSettings::default() });
            for side in [CaptionSide::Above, CaptionSide::Below] {
                for (scale_shown, text_px) in
                    [(true, None), (false, None), (true, Some(1e9)), (true, Some(f32::NAN))]
                {
                    for caption in [&Caption::default(), &long] {
                        let settings = FigureSettings { side, scale_shown, text_px };
                        let made = figure(&mosaic, caption, &settings).unwrap();
                        let (left, top) = made.mosaic_at;
                        for y in 0..mosaic.pixels.height() {
                            for x in 0..mosaic.pixels.width() {
                                assert_eq!(made.pixels.pixel(left + x, top + y), mosaic.pixels.pixel(x, y));
                            }
                        }
                        let edge = |x, y| {
                            assert_eq!(made.pixels.pixel(x, y), Some(paper.ground()), "text runs over");
                        };
                        (0..made.pixels.height()).for_each(|y| edge(made.pixels.width() - 1, y));
                        (0..made.pixels.width()).for_each(|x| edge(x, made.pixels.height() - 1));
                    }
                }
            }
        }
    }
}

fn flat(width: u32, height: u32, colour: [u8; 4]) -> Pixels {
    Pixels::filled("test", width.into(), height.into(), colour).unwrap()
}

#[test]
fn sheets_of_every_size_hold_every_panel() {
    let colour = |i: usize| [10 + i as u8, 200, 3, 255];
    for (count, width, height) in [(1, 1, 1), (2, 64, 32), (3, 7, 90), (5, 600, 20), (9, 33, 33)] {
        let panels: Vec<SheetPanel> = (0..count)
            .map(|i| SheetPanel {
                title: "resnet50.a1_in1k with a title that is much too long for it".into(),
                subtitle: if i % 2 == 0 { String::new() } else { "layer4 2048×7×7".into() },
                pixels: flat(width + i as u32, height, colour(i)),
                scale: None,
            })
            .collect();
        for (w, h) in [(1, 1), (640, 480), (3, 900)] {
            let rgb = vec![99; w as usize * h as usize * 3];
            let picture = SheetPicture {
                title: "cat.jpg".into(),
                subtitle: "3×299×299".into(),
                width: w,
                height: h,
                rgb,
            };
            let own: Vec<SheetPicture> = vec![picture.clone(); count];
            for pictures in [&[][..], &[picture], &own] {
                for columns in [None, Some(0), Some(1), Some(100)] {
                    let settings = SheetSettings { panel_width: 128, columns, paper: Paper::Dark };
                    let made = sheet(pictures, &panels, &settings).unwrap();
                    for (i, panel) in panels.iter().enumerate() {
                        let shown = made.rgba().chunks_exact(4).filter(|p| *p == colour(i)).count();
                        let area = panel.pixels.width() as usize * panel.pixels.height() as usize;
                        let factor = (1..=300).find(|factor| area * factor * factor == shown);
                        assert!(factor.is_some(), "panel {i} of {count}: {shown} pixels of {area}");
                    }
                }
            }
        }
    }
}

#[test]
fn bad_sheets_say_what_is_wrong() {
    let panel =
        SheetPanel { title: String::new(), subtitle: String::new(), pixels: flat(2, 2, [0; 4]), scale: None };
    let panels = [panel];
    let settings = SheetSettings::default();
    assert_eq!(sheet(&[], &[], &settings).unwrap_err().to_string(), "nothing to show: the sheet is empty");
    let picture =
        SheetPicture { title: String::new(), subtitle: String::new(), width: 4, height: 2, rgb: vec![0; 5] };
    assert_eq!(
        sheet(std::slice::from_ref(&picture), &panels, &settings).unwrap_err().to_string(),
        "RGB picture of 4×2 pixels: expected 24 bytes, got 5"
    );
    let good = SheetPicture { rgb: vec![0; 24], ..picture };
    assert_eq!(
        sheet(&[good.clone(), good], &panels, &settings).unwrap_err().to_string(),
        "2 pictures on a sheet of 1 panel: expected one picture, or one for each panel"
    );
    let wide = SheetSettings { panel_width: u32::MAX, ..settings };
    assert!(matches!(sheet(&[], &panels, &wide), Err(MosaicError::TooLarge { .. })));
    assert!(matches!(enlarge(&panels[0].pixels, MAX_SIDE), Err(MosaicError::TooLarge { .. })));
}
