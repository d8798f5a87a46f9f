//! Why a download failed, in words that say what to do.

use crate::tensor::Remedied;
use std::path::PathBuf;

/// Why weights were not fetched. The file to get by hand and where to put it are added by who knows the model.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not allowed to ask.
    #[error("downloads are off ({by})")]
    Offline {
        /// What says so.
        by: &'static str,
    },
    /// No way to the server.
    #[error("can't reach {host} ({reason})")]
    Unreachable {
        /// The server's name.
        host: String,
        /// The system's or the library's words.
        reason: String,
    },
    /// 401 or 403.
    #[error(
        "{host} refuses to give it ({status}): {}",
        why_refused(*.had_token, *.takes_token)
    )]
    Refused {
        /// The server's name.
        host: String,
        /// The answer's number.
        status: u16,
        /// Whether a token was sent.
        had_token: bool,
        /// Whether it is the hub, which gives to those with a token.
        takes_token: bool,
    },
    /// 404.
    #[error("{host} has no such file (404): {url}")]
    NotThere {
        /// The server's name.
        host: String,
        /// What was asked for.
        url: String,
    },
    /// Any other answer.
    #[error("{host} answered {status}{}", if *.status >= 500 || *.status == 429 { "; try again later" } else { "" })]
    Answer {
        /// The server's name.
        host: String,
        /// The answer's number.
        status: u16,
    },
    /// The connection ended again and again.
    #[error(
        "the connection to {host} was cut and gave nothing more ({reason}); {have} of {} bytes are kept, and the same command goes on from there",
        .total.map_or_else(|| "an unknown number of".to_owned(), |n| n.to_string())
    )]
    Cut {
        /// The server's name.
        host: String,
        /// The system's words.
        reason: String,
        /// Bytes that came.
        have: u64,
        /// Bytes that the server announced.
        total: Option<u64>,
    },
    /// The bytes are not those that were announced.
    #[error(
        "what {host} sent is not what it should be ({kind} {got}, expected {expected}); it was thrown away, so fetch it again"
    )]
    WrongChecksum {
        /// The server's name.
        host: String,
        /// `sha256` or `md5`.
        kind: &'static str,
        /// Of what came.
        got: String,
        /// As announced.
        expected: String,
    },
    /// No room.
    #[error("{needed} bytes are needed and {free} are free on the disk of \"{}\"", .folder.display())]
    NoRoom {
        /// Bytes still to come.
        needed: u64,
        /// Bytes free.
        free: u64,
        /// Where they would go.
        folder: PathBuf,
    },
    /// Another download of the same file is under way.
    #[error("another program is downloading it now: \"{}\"", .path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// There is no folder to keep it in.
    #[error("there is no home folder to keep it in; set {variable}")]
    NoFolder {
        /// The environment's name for one.
        variable: &'static str,
    },
    /// Stopped by a person.
    #[error("stopped; {have} bytes are kept, and the same command goes on from there")]
    Stopped {
        /// Bytes that came.
        have: u64,
    },
    /// The disk.
    #[error("can't write it ({reason}): \"{}\"", .path.display())]
    Disk {
        /// The system's words.
        reason: std::io::Error,
        /// Where.
        path: PathBuf,
    },
}

impl Remedied for FetchError {}

fn why_refused(had_token: bool, takes_token: bool) -> &'static str {
    match (had_token, takes_token) {
        (true, true) => "the token in HF_TOKEN may not read it",
        (false, true) => "it is private or gated; set HF_TOKEN to a token that may read it",
        (_, false) => "it gives no reason; get the file in another way",
    }
}
