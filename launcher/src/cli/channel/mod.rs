//! `cordon channel`: the record of a channel as code, and what goes over one.

mod codegen;

use super::Failure;
use super::arguments::{Command, usage};
use super::options::Options;
use crate::codegen::Language;
pub use codegen::run as codegen;
use std::path::PathBuf;

/// Options of `channel codegen`.
#[derive(Debug)]
pub struct CodegenOptions {
    /// The manifest.
    pub manifest: PathBuf,
    /// Language of the code.
    pub language: Language,
    /// The channels; all of them where none is named.
    pub channels: Vec<String>,
    /// Where to write; standard output by default.
    pub output: Option<PathBuf>,
}

/// What `channel` takes.
pub fn options(options: &mut Options<'_>) -> Result<Command, Failure> {
    let word = options.words.pop_front();
    Ok(match word.as_ref().and_then(|word| word.to_str()) {
        Some("codegen") => Command::ChannelCodegen(CodegenOptions {
            manifest: options.path("the manifest")?,
            language: language(options)?,
            channels: std::iter::from_fn(|| options.text("channel")).collect(),
            output: options.flag("output").map(PathBuf::from),
        }),
        _ => {
            let failure = usage("channel takes one of the words codegen");
            return Err(failure.help("cordon channel codegen --lang c DEVICE.yaml"));
        }
    })
}

fn language(options: &mut Options<'_>) -> Result<Language, Failure> {
    match options.text("lang").as_deref() {
        Some("rust") => Ok(Language::Rust),
        Some("c") => Ok(Language::C),
        Some(other) => Err(
            usage(format!("there is no code for the language '{other}'"))
                .help("--lang rust, or --lang c for C and C++"),
        ),
        None => Err(usage("codegen needs --lang").help("--lang rust, or --lang c for C and C++")),
    }
}
