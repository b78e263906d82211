//! The nurse's station: curl with a client certificate.

use crate::certificates::Identity;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A client of the monitor.
#[derive(Clone, Debug)]
pub struct Station {
    /// `https://127.0.0.1:PORT`
    pub url: String,
    /// The authority that signed the monitor's certificate.
    pub authority: PathBuf,
    /// The nurse's certificate; none for a client without one.
    pub identity: Option<Identity>,
}

impl Station {
    /// Runs curl on a path of the service with more arguments.
    ///
    /// # Errors
    /// When curl cannot be started.
    pub fn curl(&self, path: &str, arguments: &[&str]) -> std::io::Result<Output> {
        let mut command = Command::new("curl");
        command
            .args(["--silent", "--show-error", "--max-time", "10", "--cacert"])
            .arg(&self.authority);
        if let Some(identity) = &self.identity {
            command
                .arg("--cert")
                .arg(&identity.certificate)
                .arg("--key")
                .arg(&identity.key);
        }
        command
            .args(arguments)
            .arg(format!("{}{path}", self.url))
            .output()
    }

    /// The JSON of a path.
    ///
    /// # Errors
    /// In words: curl's, or what was answered instead.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        let output = self
            .curl(path, &["--fail"])
            .map_err(|error| format!("curl: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("{path}: {error}"))
    }

    /// The value of a FHIR Observation of this monitor, by its id; none when it
    /// says that there is none.
    ///
    /// # Errors
    /// As [`Station::get`].
    pub fn observation(&self, id: &str) -> Result<Option<f64>, String> {
        let observation = self.get(&format!("/fhir/Observation/{id}"))?;
        Ok(observation["valueQuantity"]["value"].as_f64())
    }
}
