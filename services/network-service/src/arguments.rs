//! The command line.

use crate::exit::{self, Code, Exit};
use std::ffi::OsString;
use std::path::PathBuf;

/// What the command line said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// Serve with these files.
    Serve(Files),
    /// Print [`help`].
    Help,
}

/// PEM files of the service's identity and of whom it trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Server certificate, its intermediates after it.
    pub certificate: PathBuf,
    /// Its private key: PKCS#8, SEC1 or PKCS#1.
    pub key: PathBuf,
    /// The authorities whose client certificates are accepted.
    pub client_ca: PathBuf,
}

/// Reads the arguments after the program's name. Each option is required once.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Exit> {
    let usage = |message: String| Exit::new(Code::Usage, format!("{message}; see --help"));
    let mut found: [(&str, Option<PathBuf>); 3] = [
        ("--certificate", None),
        ("--key", None),
        ("--client-ca", None),
    ];
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--help" {
            return Ok(Arguments::Help);
        }
        let Some((name, slot)) = found.iter_mut().find(|(name, _)| argument == *name) else {
            return Err(usage(format!("unknown argument {argument:?}")));
        };
        let value = arguments
            .next()
            .ok_or_else(|| usage(format!("{name} needs a file")))?;
        if slot.replace(value.into()).is_some() {
            return Err(usage(format!("{name} is given twice")));
        }
    }
    let [certificate, key, client_ca] =
        found.map(|(name, value)| value.ok_or_else(|| usage(format!("{name} FILE is missing"))));
    Ok(Arguments::Serve(Files {
        certificate: certificate?,
        key: key?,
        client_ca: client_ca?,
    }))
}

/// The text of `--help`, exit codes included.
pub fn help() -> String {
    let mut text = String::from(
        "Serves a bedside monitor's vital signs over HTTPS with mutual TLS.\n\
         \n\
         Usage: network-service --certificate FILE --key FILE --client-ca FILE\n\
         \n\
         \x20 --certificate FILE  server certificate and its intermediates, PEM\n\
         \x20 --key FILE          its private key, PEM\n\
         \x20 --client-ca FILE    authorities whose client certificates are accepted, PEM\n\
         \n\
         It makes no socket: the listening one is inherited under the name `https`\n\
         (LISTEN_FDS, LISTEN_FDNAMES), the channels `vitals` (read) and `seen-remotely`\n\
         (written) come over the control socket `cordon-control`.\n\
         \n\
         Serves: /                      the nurse's station\n\
         \x20       /events                numerics and waves as server-sent events\n\
         \x20       /fhir/metadata         what the FHIR R4 interface can do\n\
         \x20       /fhir/Observation      vital signs (?category=vital-signs, ?code=LOINC)\n\
         \x20       /fhir/Observation/ID   one of them\n\
         \x20       /fhir/Device/monitor   the device they come from\n\
         \x20       POST /seen/ALARM       mark an alarm as seen remotely; silences nothing\n\
         \n\
         While the display's records are missing or too old no value is served:\n\
         Observations carry dataAbsentReason, /events says why, POST answers 503.\n\
         \n\
         Exit codes:\n",
    );
    for (code, words) in exit::ALL {
        text.push_str(&format!("  {:>2}  {words}\n", code as u8));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Arguments, Exit> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn three_files_are_taken_in_any_order() {
        let files = Files {
            certificate: "c".into(),
            key: "k".into(),
            client_ca: "a".into(),
        };
        let words = ["--key", "k", "--client-ca", "a", "--certificate", "c"];
        assert_eq!(parsed(&words).unwrap(), Arguments::Serve(files));
    }

    #[test]
    fn missing_repeated_and_unknown_arguments_are_usage_errors() {
        for (words, said) in [
            (vec![], "--certificate FILE is missing"),
            (vec!["--key"], "--key needs a file"),
            (vec!["--key", "a", "--key", "b"], "--key is given twice"),
            (vec!["--port", "1"], "unknown argument \"--port\""),
        ] {
            let exit = parsed(&words).unwrap_err();
            assert_eq!(exit.code, Code::Usage);
            assert!(exit.message.starts_with(said), "{exit}");
        }
    }

    #[test]
    fn help_names_every_exit_code() {
        let help = help();
        for (code, words) in exit::ALL {
            assert!(help.contains(&format!("{:>2}  {words}", code as u8)));
        }
    }
}
