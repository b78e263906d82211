//! `network-service`: serves a bedside monitor's vital signs over mutual TLS.
#![forbid(unsafe_code)]

use cordon_network_service::arguments::{self, Arguments, Files};
use cordon_network_service::exit::{Code, Exit};
use cordon_network_service::notify::Notifier;
use cordon_network_service::pump::Pump;
use cordon_network_service::service::Service;
use cordon_network_service::{connection, inherited, log, tls};
use cordon_vitals_record::VITALS_PACE;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn main() -> ExitCode {
    let exit = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Arguments::Help) => {
            print!("{}", arguments::help());
            return ExitCode::SUCCESS;
        }
        Ok(Arguments::Serve(files)) => match serve(&files) {
            Ok(never) => match never {},
            Err(exit) => exit,
        },
        Err(exit) => exit,
    };
    log::line(&format!("network-service: {exit}"));
    ExitCode::from(exit.code as u8)
}

/// Serves until something ends it; SIGTERM does so by its default action.
fn serve(files: &Files) -> Result<std::convert::Infallible, Exit> {
    let system = |e: std::io::Error| Exit::new(Code::System, e.to_string());
    let tls = tls::configuration(files, SystemTime::now())?;
    let listener = inherited::listener(cordon_channel::descriptors())?;
    let control = cordon_channel::Control::from_listen_fds();
    let deadline = VITALS_PACE.deadline_ns().unwrap_or(0);
    let deadline = Duration::from_nanos(deadline);
    let service = Rc::new(Service::new(deadline));
    let pump = Pump::new(
        service.clone(),
        Notifier::from_environment().map_err(system)?,
        control,
    )?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(system)?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = tokio::net::TcpListener::from_std(listener).map_err(system)?;
        tokio::select! {
            exit = pump.run() => Err(exit),
            () = connection::serve(listener, Arc::new(tls).into(), service) => {
                Err(Exit::new(Code::System, "the listener ended"))
            }
        }
    })
}
