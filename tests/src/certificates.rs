//! The hospital's certificates, made with openssl: an authority for the
//! monitors, one for the nurses, and certificates that should not be let in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A certificate and its key, PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// An authority in a directory.
#[derive(Debug)]
pub struct Authority {
    directory: PathBuf,
    /// Its own certificate and key.
    pub identity: Identity,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug)]
pub enum Use {
    /// The monitor's server.
    Server,
    /// A nurse's client.
    Client,
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug)]
pub enum Validity {
    /// From now for two days.
    Now,
    /// A day in the year 2020.
    Past,
}

impl Authority {
    /// A new authority named `name`, its files in `directory`.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn new(directory: &Path, name: &str) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let identity = files(directory, name);
        run(Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-nodes", "-days", "2", "-subj", &format!("/CN={name}")])
            .args([
                "-addext",
                "basicConstraints=critical,CA:TRUE",
                "-addext",
                "keyUsage=critical,keyCertSign,cRLSign",
            ])
            .arg("-keyout")
            .arg(&identity.key)
            .arg("-out")
            .arg(&identity.certificate))?;
        Ok(Self {
            directory: directory.into(),
            identity,
        })
    }

    /// A certificate signed by this authority.
    ///
    /// # Errors
    /// When openssl fails.
    pub fn sign(&self, name: &str, r#use: Use, validity: Validity) -> io::Result<Identity> {
        let identity = files(&self.directory, name);
        let request = self.directory.join(format!("{name}.csr"));
        let extensions = self.directory.join(format!("{name}.ext"));
        fs::write(
            &extensions,
            match r#use {
                Use::Server => {
                    "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
                }
                Use::Client => "extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n",
            },
        )?;
        run(Command::new("openssl")
            .args([
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args(["-subj", &format!("/CN={name}")])
            .arg("-keyout")
            .arg(&identity.key)
            .arg("-out")
            .arg(&request))?;
        match validity {
            Validity::Now => run(Command::new("openssl")
                .args(["x509", "-req", "-days", "2", "-CAcreateserial"])
                .arg("-in")
                .arg(&request)
                .arg("-out")
                .arg(&identity.certificate)
                .arg("-CA")
                .arg(&self.identity.certificate)
                .arg("-CAkey")
                .arg(&self.identity.key)
                .arg("-extfile")
                .arg(&extensions))?,
            Validity::Past => {
                self.sign_in_the_past(&request, &extensions, &identity.certificate)?
            }
        }
        Ok(identity)
    }

    /// `openssl x509` signs from now on only; `openssl ca` takes dates.
    fn sign_in_the_past(
        &self,
        request: &Path,
        extensions: &Path,
        certificate: &Path,
    ) -> io::Result<()> {
        let database = self.directory.join("index.txt");
        let configuration = self.directory.join("ca.conf");
        fs::write(&database, "")?;
        fs::write(
            &configuration,
            format!(
                "[ca]\ndefault_ca=a\n[a]\ndatabase={}\nnew_certs_dir={}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n",
                database.display(),
                self.directory.display(),
            ),
        )?;
        run(Command::new("openssl")
            .args(["ca", "-batch", "-notext"])
            .args([
                "-startdate",
                "20200101000000Z",
                "-enddate",
                "20200102000000Z",
            ])
            .arg("-config")
            .arg(&configuration)
            .arg("-in")
            .arg(request)
            .arg("-out")
            .arg(certificate)
            .arg("-cert")
            .arg(&self.identity.certificate)
            .arg("-keyfile")
            .arg(&self.identity.key)
            .arg("-extfile")
            .arg(extensions))
    }
}

fn files(directory: &Path, name: &str) -> Identity {
    Identity {
        certificate: directory.join(format!("{name}.crt")),
        key: directory.join(format!("{name}.key")),
    }
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "openssl: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}
