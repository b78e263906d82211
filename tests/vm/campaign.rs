//! The attack program's campaign, run inside a virtual machine: the same that
//! the demo runs, its results one line of JSON each.
//!
//! `cordon-campaign DEVICE PORT DISPLAY [NAME...]`: the number of the display's
//! process, and the attempts to make; all of them where none is named.
#![forbid(unsafe_code)]

use cordon_tests::campaign::{self, Aim, Targets, Verdict};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [device, port, display, names @ ..] = arguments.as_slice() else {
        eprintln!("usage: cordon-campaign DEVICE PORT DISPLAY [NAME...]");
        return ExitCode::from(2);
    };
    match run(device, port, display, names) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cordon-campaign: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(device: &str, port: &str, display: &str, names: &[String]) -> Result<(), String> {
    let port = port.parse().map_err(|error| format!("{port}: {error}"))?;
    let display = display
        .parse()
        .map_err(|error| format!("{display}: {error}"))?;
    let data = PathBuf::from(format!("/var/lib/{device}"));
    let aim = Aim {
        program: format!("/usr/lib/{device}/cordon-attack").into(),
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        sensor: "/dev/ttyS1".into(),
        screen: data.join("screen"),
        shown: data.join("shown"),
        tls: format!("/etc/{device}/tls").into(),
    };
    let targets = Targets::new(display).map_err(|error| error.to_string())?;
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    campaign::run(&aim, &targets, wanted, |attempted| {
        let mut line = attempted.to_json(&[]);
        let verdict = match attempted.verdict(&[]) {
            Verdict::Refused => "refused",
            Verdict::Sent => "sent",
            Verdict::Open(_) => "open",
            Verdict::Breach => "breach",
        };
        line["verdict"] = verdict.into();
        println!("{line}");
    })?;
    println!("{{\"reached\":{}}}", targets.was_reached());
    Ok(())
}
