//! What is on the screen, by region and colour.

mod common;

use common::{Bedside, DETERIORATION, HYPOTENSION, LOOPABLE, Script, count, record, recording};
use cordon_vitals_display::alarm::LIMITS;
use cordon_vitals_display::input::{Demo, Input, Kind, Replay, Signal};
use cordon_vitals_display::screen::{
    ALARM_HIGH, ALARM_LOW, ALARM_MEDIUM, Area, BLACK, CYAN, Colour, GREEN, Geometry, Lane, MAGENTA,
    ORANGE, Parameter, RED, Screen, Text, YELLOW,
};
use std::path::PathBuf;

fn lane(bedside: &Bedside, parameter: Parameter) -> Lane {
    let lanes = &bedside.monitor.screen().layout().lanes;
    lanes
        .iter()
        .find(|lane| lane.parameter == parameter)
        .unwrap()
        .clone()
}

fn pixels(bedside: &Bedside, area: Area, colour: Colour) -> usize {
    count(bedside.canvas(), area, colour)
}

/// Rows from the highest to the lowest pixel of a colour.
fn height(bedside: &Bedside, area: Area, colour: Colour) -> i32 {
    let rows: Vec<i32> = (area.y..area.bottom())
        .filter(|&y| pixels(bedside, Area::new(area.x, y, area.width, 1), colour) > 0)
        .collect();
    rows.last()
        .zip(rows.first())
        .map_or(0, |(last, first)| last - first + 1)
}

#[test]
fn test_each_wave_and_number_has_the_colour_clinicians_expect() {
    let Some(record) = record(LOOPABLE) else {
        return;
    };
    let mut bedside = Bedside::replay(record, 1, true);
    bedside.seconds(30);
    for (parameter, colour) in [
        (Parameter::Heart, GREEN),
        (Parameter::Abp, RED),
        (Parameter::Pap, ORANGE),
        (Parameter::SpO2, CYAN),
        (Parameter::Respiration, YELLOW),
    ] {
        let lane = lane(&bedside, parameter);
        assert!(
            pixels(&bedside, lane.wave, colour) > 300,
            "{parameter:?}: no wave"
        );
        for other in [GREEN, RED, ORANGE, CYAN, YELLOW]
            .into_iter()
            .filter(|&c| c != colour)
        {
            assert_eq!(
                pixels(&bedside, lane.wave, other),
                0,
                "{parameter:?}: {other:?}"
            );
        }
        assert!(
            pixels(&bedside, lane.label, colour) > 20,
            "{parameter:?}: no name"
        );
    }
    assert!(pixels(&bedside, lane(&bedside, Parameter::Heart).numerics, GREEN) > 500);
}

/// `---` is as high as a dash; a number is as high as a digit.
#[test]
fn test_an_unknown_number_is_dashes() {
    let Some(record) = record(HYPOTENSION) else {
        return;
    };
    let mut bedside = Bedside::replay(record, 1, false);
    bedside.seconds(30);
    let area = |parameter| {
        let numerics = lane(&bedside, parameter).numerics;
        // Below the title, above the pulse, left of the limits.
        Area::new(
            numerics.x,
            numerics.y + 28,
            numerics.width - 40,
            numerics.height - 60,
        )
    };
    let dashes = height(&bedside, area(Parameter::SpO2), CYAN);
    assert!(
        (4..20).contains(&dashes),
        "SpO2 shows something {dashes} pixels high"
    );
    let digits = height(&bedside, area(Parameter::Respiration), YELLOW);
    assert!(digits > 40, "RR shows something {digits} pixels high");
}

#[test]
fn test_the_simulator_is_marked_and_a_record_is_not() {
    let mut demo = Bedside::new(Box::new(Demo::new(1, 1)));
    demo.seconds(1);
    let (first, status) = (
        lane(&demo, Parameter::Heart).label,
        demo.monitor.screen().layout().status,
    );
    assert!(pixels(&demo, first, MAGENTA) > 300);
    assert!(pixels(&demo, status, MAGENTA) > 300);
    // The mark is there in every frame, whatever happens.
    for _ in 0..200 {
        demo.tick();
        assert!(pixels(&demo, first, MAGENTA) > 300);
    }
    let Some(record) = record(LOOPABLE) else {
        return;
    };
    let whole = Area::new(0, 0, 1024, 600);
    let mut life = Bedside::replay(record.clone(), 1, true);
    life.seconds(1);
    assert_eq!(pixels(&life, whole, MAGENTA), 0);
    let mut fast = Bedside::replay(record, 4, true);
    fast.seconds(1);
    assert!(pixels(&fast, first, MAGENTA) > 300, "speed is not said");
}

/// Three seconds without samples leave a gap as wide as half a sweep, and no line over it.
#[test]
fn test_a_gap_in_the_samples_is_a_gap_on_the_screen() {
    let script = Script::record(Demo::new(1, 1), 200, |tick, block| {
        if let Some(block) = block
            && (25..100).contains(&tick)
        {
            block[1].iter_mut().for_each(|sample| *sample = None);
        }
    });
    let mut bedside = Bedside::new(Box::new(script));
    bedside.seconds(5);
    let wave = lane(&bedside, Parameter::Abp).wave;
    let column = |seconds: f32| (wave.width as f32 * seconds / 6.0) as i32;
    let between = |from: f32, to: f32| {
        let (left, right) = (column(from), column(to));
        pixels(
            &bedside,
            Area::new(wave.x + left, wave.y, right - left, wave.height),
            RED,
        )
    };
    assert!(between(0.0, 0.9) > 50);
    assert_eq!(between(1.05, 3.95), 0, "a line across the gap");
    assert!(between(4.05, 4.9) > 50);
}

/// After the input is lost, no number stands and within a sweep no wave.
#[test]
fn test_a_lost_input_wipes_numbers_at_once_and_waves_within_a_sweep() {
    let Some(record) = record(LOOPABLE) else {
        return;
    };
    let mut bedside = Bedside::replay(record, 1, false);
    bedside.seconds(16);
    bedside.tick();
    let heart = lane(&bedside, Parameter::Heart);
    let numbers = Area::new(heart.numerics.x, heart.numerics.y + 28, 200, 60);
    let high = height(&bedside, numbers, GREEN);
    assert!(
        (4..20).contains(&high),
        "HR still shows something {high} pixels high"
    );
    let alarms = bedside.monitor.screen().layout().alarms;
    assert!(
        pixels(&bedside, alarms, ALARM_HIGH) > 500,
        "the loss is not said"
    );
    bedside.seconds(7);
    for parameter in [
        Parameter::Heart,
        Parameter::Abp,
        Parameter::SpO2,
        Parameter::Respiration,
    ] {
        let wave = lane(&bedside, parameter).wave;
        let rows = wave.y..wave.bottom();
        let drawn = rows
            .flat_map(|y| (0..wave.width).map(move |x| (x, y)))
            .filter(|&(x, y)| bedside.canvas().at(x, y) != Some(BLACK))
            .count();
        assert_eq!(drawn, 0, "{parameter:?}: an old wave is still there");
    }
}

#[test]
fn test_alarms_are_coloured_by_priority_and_flash_at_their_rate() {
    let Some(record) = record(HYPOTENSION) else {
        return;
    };
    let mut bedside = Bedside::replay(record, 1, false);
    bedside.seconds(20);
    let bar = bedside.monitor.screen().layout().alarms;
    // Sorted down the columns: high first, the low one last.
    let high = Area::new(0, 0, 300, 35);
    let mut lit = Vec::new();
    for tick in 0..250 {
        bedside.tick();
        let red = pixels(&bedside, high, ALARM_HIGH);
        lit.push(red > 4000);
        assert!(red > 200, "an alarm left the screen");
        if tick % 10 == 0 {
            assert!(pixels(&bedside, bar, ALARM_MEDIUM) > 200);
            assert!(pixels(&bedside, bar, ALARM_LOW) > 200);
        }
    }
    let flashes = lit.windows(2).filter(|pair| !pair[0] && pair[1]).count();
    assert!(
        (14..=28).contains(&flashes),
        "{flashes} flashes in 10 s are not 1.4 to 2.8 Hz"
    );
    let share = lit.iter().filter(|&&lit| lit).count() as f32 / lit.len() as f32;
    assert!((0.2..=0.6).contains(&share), "lit for {share} of the time");
}

#[test]
fn test_a_remote_mark_is_drawn_beside_its_alarm_and_takes_nothing_away() {
    let Some(record) = record(HYPOTENSION) else {
        return;
    };
    let mut bedside = Bedside::replay(record, 1, false);
    bedside.seconds(20);
    let bar = bedside.monitor.screen().layout().alarms;
    let alarms = bedside.alarms();
    // The left of the first cell: mark and text of the alarm, and none of the nurse's.
    let words = Area::new(0, 0, 200, 35);
    let unlit = |bedside: &mut Bedside| {
        while pixels(bedside, Area::new(0, 0, 300, 35), ALARM_HIGH) > 4000 {
            bedside.tick();
        }
        let picture: Vec<Option<Colour>> = (words.y..words.bottom())
            .flat_map(|y| (words.x..words.right()).map(move |x| (x, y)))
            .map(|(x, y)| bedside.canvas().at(x, y))
            .collect();
        (picture, pixels(bedside, bar, ALARM_HIGH))
    };
    let before = unlit(&mut bedside);
    for _ in 0..50 {
        for id in 0..500 {
            bedside.monitor.watch().see(id);
        }
        bedside.tick();
    }
    let after = unlit(&mut bedside);
    assert!(after.1 > before.1, "no mark was drawn");
    assert!(after.0 == before.0, "the mark changed the alarm beside it");
    assert_eq!(bedside.alarms(), alarms);
}

#[test]
fn test_the_deterioration_is_red_on_the_saturation() {
    let Some(record) = record(DETERIORATION) else {
        return;
    };
    let mut bedside = Bedside::new(Box::new(Replay::new(record, 60, false)));
    bedside.seconds(41);
    let lane = lane(&bedside, Parameter::SpO2);
    let mut most = 0;
    for _ in 0..20 {
        bedside.tick();
        most = most.max(pixels(&bedside, lane.numerics, ALARM_HIGH));
    }
    assert!(most > 5000, "SpO2 71 does not flash red");
    assert!(pixels(&bedside, lane.wave, CYAN) > 300, "no trend");
}

#[test]
fn test_every_character_of_every_alarm_fits_its_cell() {
    // All signals there can be, all of them missing: the longest list there is.
    let numeric = |label: &str| {
        let kind = Kind::of(label, 0.1).unwrap();
        Signal {
            kind,
            label: label.into(),
            rate: 0.1,
        }
    };
    let names = ["HR", "PULSE", "SpO2", "RESP", "ABPSys", "PAPSys", "NBPSys"];
    let mut script = Script::new(names.map(numeric).into());
    script
        .blocks
        .extend((0..10).map(|_| Some(vec![vec![None]; 7])));
    let mut bedside = Bedside::new(Box::new(script));
    bedside.tick();
    assert!(bedside.alarms().len() >= 5);
    let bar = bedside.monitor.screen().layout().alarms;
    let edge = Area::new(0, bar.bottom() - 1, 1024, 1);
    assert_eq!(pixels(&bedside, edge, ALARM_MEDIUM), 0);
}

/// The picture is what the screen gets: blue first.
#[test]
fn test_pixels_are_xrgb_little_endian() {
    let demo = Demo::new(1, 1);
    let geometry = Geometry::parse("640x400").unwrap();
    let screen = Screen::new(geometry, Text::builtin(), &demo as &dyn Input, LIMITS).unwrap();
    let label = screen.layout().lanes[0].label;
    let (mut x, mut y) = (label.x, label.y);
    while screen.canvas().at(x, y) != Some(MAGENTA) {
        x += 1;
        if x == label.right() {
            (x, y) = (label.x, y + 1);
        }
    }
    let index = (y * 640 + x) as usize * 4;
    let bytes = &screen.canvas().bytes()[index..index + 4];
    assert_eq!(bytes, [MAGENTA.blue, MAGENTA.green, MAGENTA.red, 0xff]);
}

#[test]
fn test_unreadable_fonts_are_told_and_the_numbers_stay() {
    let nonsense = recording(LOOPABLE).map(|path| path.with_extension("hea"));
    let files: Vec<PathBuf> = nonsense
        .into_iter()
        .chain([PathBuf::from("/nowhere/font.ttf")])
        .collect();
    let (text, errors) = Text::open(&files);
    assert_eq!(errors.len(), files.len());
    assert!(text.is_builtin());
    let mut bedside = Bedside::with(Box::new(Demo::new(1, 1)), text, None);
    bedside.seconds(10);
    assert!(pixels(&bedside, lane(&bedside, Parameter::Heart).numerics, GREEN) > 500);
}
