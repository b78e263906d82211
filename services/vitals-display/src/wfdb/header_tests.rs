use super::*;

fn parse(text: &str) -> Result<Header, WfdbError> {
    Header::parse(text, Path::new("r.hea"))
}

fn signal(line: &str) -> SignalLine {
    match parse(&format!("r 1 125 10\n{line}\n")).unwrap().body {
        Body::Signals(mut signals) => signals.remove(0),
        Body::Segments(..) => unreachable!(),
    }
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn test_signal_line_with_everything() {
    let line = signal("r.dat 212x4:2+16 12.84(-1605)/mmHg 12 5 -943 -23651 0 ABP left arm");
    assert_eq!((line.per_frame, line.skew, line.offset), (4, 2, 16));
    assert_eq!(
        (line.gain, line.baseline, line.unit.as_str()),
        (12.84, -1605.0, "mmHg")
    );
    assert_eq!(
        (line.resolution, line.zero, line.initial),
        (12, 5, Some(-943))
    );
    assert_eq!(line.checksum, Some(-23651));
    assert_eq!(line.description, "ABP left arm");
}

#[test]
fn test_defaults_are_the_manuals() {
    let line = signal("r.dat 16");
    assert_eq!(
        (line.gain, line.baseline, line.unit.as_str()),
        (200.0, 0.0, "mV")
    );
    assert_eq!((line.per_frame, line.skew, line.resolution), (1, 0, 16));
    // Baseline defaults to the converter's zero; an unsigned checksum is the same sum.
    let line = signal("r.dat 212 0 0 1024 0 41885 0 I");
    assert_eq!(
        (line.gain, line.baseline, line.checksum),
        (200.0, 1024.0, Some(-23651))
    );
}

#[test]
fn test_refusals_name_file_and_line() {
    for (text, expected) in [
        ("", "r.hea:1: the header has no record line"),
        ("r\n", "r.hea:1: the number of signals is missing"),
        (
            "r 0 125\n",
            "r.hea:1: '0' is not a number of signals from 1 to 64",
        ),
        (
            "r 1 -5\n",
            "r.hea:1: '-5' is not a sampling frequency in Hz",
        ),
        (
            "r 1 nan\n",
            "r.hea:1: 'nan' is not a sampling frequency in Hz",
        ),
        (
            "r 2 125 1\na.dat 16\n",
            "r.hea:1: 2 signal lines are announced, 1 follow",
        ),
        (
            "r 1 125 1\n# c\na.dat 16\nb.dat 16\n",
            "r.hea:4: a line too many",
        ),
        (
            "r 1 125 1\n../a 16\n",
            "r.hea:2: '../a' is not a file beside the header",
        ),
        (
            "r 1 125 1\na.dat 80\n",
            "r.hea:2: not supported: storage format 80",
        ),
        ("r 1 125 1\na.dat 212y\n", "r.hea:2: '212y' is not a format"),
        (
            "r 1 125 1\na.dat 16x0\n",
            "r.hea:2: '16x0' is out of bounds",
        ),
        (
            "r 1 125 1\na.dat 16 x/mV\n",
            "r.hea:2: 'x/mV' is not a gain",
        ),
        (
            "r 1 125 1\na.dat 16 1 12 0 one\n",
            "r.hea:2: 'one' is not the initial value",
        ),
        (
            "r/2 1 125 10\na 5\n",
            "r.hea:1: 2 segment lines are announced, 1 follow",
        ),
        ("r/0 1 125 10\n", "r.hea:1: '0' is not a number of segments"),
        (
            "r/1 1 125 10\nlayout 0\n",
            "r.hea:2: not supported: a multi-segment record",
        ),
    ] {
        let said = refusal(text);
        assert!(said.starts_with(expected), "{text:?} says: {said}");
    }
}

#[test]
fn test_record_line_keeps_time_and_date() {
    let header = parse("r/1 7 0.0166666666667/125 72 10:44:18.529 04/05/2704\ns 72\n").unwrap();
    assert_eq!(header.frequency, 0.0166666666667);
    assert_eq!(header.base_time.as_deref(), Some("10:44:18.529"));
    assert_eq!(header.base_date.as_deref(), Some("04/05/2704"));
}
