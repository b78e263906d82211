//! The library as a C or C++ programmer meets it: installed, found by
//! pkg-config, compiled against without a warning, run under the sanitizers.

use cordon_channel::{Hub, Link, Pace, Schema};
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The library, built and installed below a directory of the test's own.
static INSTALLED: LazyLock<PathBuf> = LazyLock::new(|| {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--offline", "--quiet", "-p", "cordon-channel-capi"])
        .current_dir(here())
        .status();
    assert!(built.is_ok_and(|status| status.success()), "cargo build");
    let to = tmp().join(format!("installed-{}", std::process::id()));
    run(Command::new(here().join("install.sh"))
        .arg(tmp().parent().unwrap().join("debug"))
        .arg(&to));
    to
});

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn tmp() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Whether all programs are here; where not, that is said, and a failure in CI.
fn installed(programs: &[&str]) -> bool {
    let missing = |program: &&&str| Command::new(program).arg("--version").output().is_err();
    let missing: Vec<_> = programs.iter().filter(missing).collect();
    if missing.is_empty() {
        return true;
    }
    let why = format!("not run: not installed: {missing:?}");
    assert!(std::env::var_os("CI").is_none(), "{why}");
    println!("{why}");
    false
}

fn pkg_config(words: &[&str]) -> Vec<String> {
    let text = run(Command::new("pkg-config")
        .env("PKG_CONFIG_LIBDIR", INSTALLED.join("usr/lib/pkgconfig"))
        .env("PKG_CONFIG_SYSROOT_DIR", &*INSTALLED)
        .env("PKG_CONFIG_ALLOW_SYSTEM_CFLAGS", "1")
        .env("PKG_CONFIG_ALLOW_SYSTEM_LIBS", "1")
        .args(words)
        .arg("cordon-channel"));
    text.split_whitespace().map(str::to_owned).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Shared,
    /// Static, with address and undefined behaviour sanitizers.
    Sanitized,
}

/// Compiles an example; every warning is an error.
fn compile(compiler: &str, source: &str, form: Form) -> PathBuf {
    let program = tmp().join(format!(
        "{compiler}-{source}-{form:?}-{}",
        std::process::id()
    ));
    let standard = if source.ends_with(".c") {
        "-std=c11"
    } else {
        "-std=c++17"
    };
    let mut command = Command::new(compiler);
    command
        .args([standard, "-D_POSIX_C_SOURCE=200809L", "-g"])
        .args([
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Wconversion",
            "-Wshadow",
            "-Werror",
        ])
        .arg(here().join("examples").join(source))
        .args(pkg_config(&["--cflags"]))
        .arg("-o")
        .arg(&program);
    match form {
        Form::Shared => command.args(pkg_config(&["--libs"])),
        Form::Sanitized => command
            .args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"])
            .arg(INSTALLED.join("usr/lib/libcordon-channel.a"))
            .args(
                pkg_config(&["--static", "--libs-only-l"])
                    .iter()
                    .filter(|it| *it != "-lcordon-channel"),
            ),
    };
    run(&mut command);
    program
}

/// Starts a program as a component: its control socket is descriptor 3.
fn start(socket: OwnedFd, program: &Path, words: &[&str]) -> Child {
    let script = "export LISTEN_PID=$$; exec \"$@\" 3<&0 </dev/null";
    Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(program)
        .args(words)
        .env("LISTEN_FDS", "1")
        .env("LISTEN_FDNAMES", "cordon-control")
        .env("LD_LIBRARY_PATH", INSTALLED.join("usr/lib"))
        .env(
            "ASAN_OPTIONS",
            "detect_leaks=1:detect_stack_use_after_return=1",
        )
        .stdin(Stdio::from(socket))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn vitals() -> Link {
    let header = fs::read_to_string(here().join("examples/bedside-monitor-channels.h")).unwrap();
    let (_, rest) = header.split_once("#define VITALS_SCHEMA").unwrap();
    let text: String = rest
        .lines()
        .skip(1)
        .map_while(|line| line.trim().strip_prefix('"'))
        .map(|line| line.split_once("\\n").unwrap().0.to_owned() + "\n")
        .collect();
    Link {
        name: "vitals".into(),
        schema: Schema::parse(&text).unwrap(),
        pace: Pace::Periodic {
            period_ns: 40_000_000,
            deadline_ns: 1_000_000_000,
        },
        from: "sensor".into(),
        to: vec!["station".into(), "python".into()],
    }
}

/// Runs the writer with its readers until all have ended, as the supervisor
/// would; what each wrote.
fn device(sensor: &Path, records: &str, readers: &[(&str, &Path, &[&str])]) -> Vec<String> {
    let mut hub = Hub::new(vec![vitals()]).unwrap();
    let mut children = vec![(
        "sensor",
        start(hub.start("sensor").unwrap(), sensor, &[records]),
    )];
    for (name, program, words) in readers {
        children.push((name, start(hub.start(name).unwrap(), program, words)));
    }
    let until = Instant::now() + Duration::from_secs(60);
    while children
        .iter_mut()
        .any(|(_, child)| child.try_wait().unwrap().is_none())
    {
        assert!(Instant::now() < until, "a component does not end");
        for (name, _) in &children {
            hub.service(name);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let ended = |(name, child): (&str, Child)| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{name}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    children.into_iter().map(ended).collect()
}

/// What station.c says of what sensor.cpp writes.
fn assert_station(said: &str) {
    let fresh: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("fresh"))
        .collect();
    assert!(fresh.len() > 5, "{said}");
    for line in fresh {
        let number: u64 = line.split(' ').nth(2).unwrap().parse().unwrap();
        // The number is the sensor's count only while none was refused as absent.
        let rate = line.rsplit(' ').next().unwrap();
        assert!(number > 0 && (rate == "72/min" || rate == "---"), "{line}");
    }
    assert!(said.contains("---") && said.contains("72/min"), "{said}");
    assert!(
        said.lines().last().unwrap().starts_with("lost 3"),
        "the sensor's end is told: {said}"
    );
}

#[test]
fn the_examples_run_shared_and_under_the_sanitizers_with_either_compiler() {
    if !installed(&["gcc", "g++", "clang", "clang++", "pkg-config"]) {
        return;
    }
    for (c, cpp) in [("gcc", "g++"), ("clang", "clang++")] {
        for form in [Form::Shared, Form::Sanitized] {
            let sensor = compile(cpp, "sensor.cpp", form);
            let station = compile(c, "station.c", form);
            let said = device(&sensor, "25", &[("station", &station, &[])]);
            assert_station(&said[1]);
        }
    }
}

#[test]
fn python_reads_a_channel_by_ctypes() {
    if !installed(&["g++", "python3", "pkg-config"]) {
        return;
    }
    let schema = tmp().join(format!("schema-{}", std::process::id()));
    fs::write(&schema, vitals().schema.to_text()).unwrap();
    let sensor = compile("g++", "sensor.cpp", Form::Shared);
    let library = INSTALLED.join("usr/lib/libcordon-channel.so.0");
    let words = [
        library.to_str().unwrap(),
        "vitals",
        schema.to_str().unwrap(),
        "40",
    ];
    // An interpreter takes its time to start.
    let said = device(
        &sensor,
        "150",
        &[("python", &here().join("examples/reader.py"), &words)],
    );
    let lines: Vec<&str> = said[1].lines().collect();
    assert!(lines.len() > 5, "{}", said[1]);
    assert!(
        lines
            .iter()
            .any(|line| line.contains("\"heart-rate\": 72,"))
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("\"heart-rate\": null,"))
    );
    assert!(
        lines
            .iter()
            .all(|line| line.contains("\"ecg\": [-10000, -10000,"))
    );
    assert!(
        lines
            .iter()
            .skip(1)
            .all(|line| line.contains("\"joins\": true,")),
        "{}",
        said[1]
    );
}

#[test]
fn a_result_thrown_away_and_a_state_forgotten_do_not_compile() {
    if !installed(&["gcc", "pkg-config"]) {
        return;
    }
    let cases = [
        (
            "cordon_sample s; vitals_record v; vitals_now(r, &v, &s);",
            "unused-result",
        ),
        (
            "cordon_sample s; vitals_record v; switch (vitals_now(r, &v, &s)) { case CORDON_FRESH: case CORDON_LOST: break; }",
            "CORDON_STALE",
        ),
    ];
    for (body, expected) in cases {
        let source = format!(
            "#include \"bedside-monitor-channels.h\"\nvoid f(cordon_reader *r);\nvoid f(cordon_reader *r) {{ {body} }}\n"
        );
        let file = tmp().join(format!("refused-{}.c", std::process::id()));
        fs::write(&file, source).unwrap();
        let output = Command::new("gcc")
            .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-c"])
            .arg("-I")
            .arg(here().join("examples"))
            .args(pkg_config(&["--cflags"]))
            .arg(&file)
            .args(["-o", "/dev/null"])
            .output()
            .unwrap();
        assert!(
            !output.status.success() && said(&output).contains(expected),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn hard_names_compile_in_c_and_in_cpp() {
    if !installed(&["gcc", "g++", "pkg-config"]) {
        return;
    }
    let header = here().join("../tests/generated/hard.h");
    for (compiler, standard) in [("gcc", "-std=c11"), ("g++", "-std=c++11")] {
        let language = if compiler == "gcc" { "c" } else { "c++" };
        run(Command::new(compiler)
            .args([
                standard,
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
                "-fsyntax-only",
                "-x",
                language,
            ])
            .args(pkg_config(&["--cflags"]))
            .arg("-include")
            .arg(&header)
            .arg("/dev/null"));
    }
}

#[test]
fn the_shared_library_has_its_soname_and_gives_away_nothing_but_the_header() {
    if !installed(&["nm", "readelf"]) {
        return;
    }
    let library = INSTALLED.join("usr/lib/libcordon-channel.so.0");
    let dynamic = run(Command::new("readelf").arg("-d").arg(&library));
    assert!(
        dynamic.contains("soname: [libcordon-channel.so.0]"),
        "{dynamic}"
    );
    let header = fs::read_to_string(here().join("include/cordon-channel.h")).unwrap();
    let mut declared: Vec<&str> = header
        .split(|c: char| !(c.is_ascii_alphanumeric() || "_(".contains(c)))
        .filter_map(|word| {
            word.strip_suffix('(')
                .or(word.split_once('(').map(|it| it.0))
        })
        .filter(|word| word.starts_with("cordon_"))
        .collect();
    declared.sort_unstable();
    declared.dedup();
    let symbols = run(Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(&library));
    let mut exported: Vec<&str> = symbols
        .lines()
        .filter_map(|line| line.split(' ').nth(2))
        .collect();
    exported.sort_unstable();
    let of_comments = |name: &&str| exported.contains(name);
    let declared: Vec<&str> = declared.into_iter().filter(of_comments).collect();
    assert_eq!(declared, exported);
    assert!(exported.len() > 10, "{exported:?}");
}
