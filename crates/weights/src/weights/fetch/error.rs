//! Why a download failed, in messages that say what to do.

use crate::tensor::Remedied;
use std::path::PathBuf;

/// Why weights were not downloaded. A caller that knows the model adds which file to get by hand and where to put it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Downloads are disabled.
    #[error("downloads are off ({by})")]
    Offline {
        /// What disables them.
        by: &'static str,
    },
    /// The server can't be reached.
    #[error("can't reach {host} ({reason})")]
    Unreachable {
        /// The server's name.
        host: String,
        /// The error message of the system or of the HTTP library.
        reason: String,
    },
    /// The server refused access (status 401 or 403).
    #[error(
        "{host} refuses to give it ({status}): {}",
        why_refused(*.had_token, *.takes_token)
    )]
    Refused {
        /// The server's name.
        host: String,
        /// The HTTP status.
        status: u16,
        /// Whether a token was sent.
        had_token: bool,
        /// Whether the server is the hub, which may give the file to someone with a token.
        takes_token: bool,
    },
    /// The server doesn't have the file (status 404 or 410).
    #[error("{host} has no such file (404): {url}")]
    NotThere {
        /// The server's name.
        host: String,
        /// What was asked for.
        url: String,
    },
    /// The server answered with any other error status.
    #[error("{host} answered {status}{}", if *.status >= 500 || *.status == 429 { "; try again later" } else { "" })]
    Answer {
        /// The server's name.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection was cut several times in a row without bringing more bytes.
    #[error(
        "the connection to {host} was cut and gave nothing more ({reason}); {have} of {} bytes are kept, and the same command goes on from there",
        .total.map_or_else(|| "an unknown number of".to_owned(), |n| n.to_string())
    )]
    Cut {
        /// The server's name.
        host: String,
        /// The error message.
        reason: String,
        /// Bytes received so far.
        have: u64,
        /// Bytes that the server announced.
        total: Option<u64>,
    },
    /// The size or checksum of what was received differs from the one announced.
    #[error(
        "what {host} sent is not what it should be ({kind} {got}, expected {expected}); it was thrown away, so fetch it again"
    )]
    WrongChecksum {
        /// The server's name.
        host: String,
        /// `sha256`, `md5` or `size`.
        kind: &'static str,
        /// The value for what was received.
        got: String,
        /// The value announced.
        expected: String,
    },
    /// The disk has too little space.
    #[error("{needed} bytes are needed and {free} are free on the disk of \"{}\"", .folder.display())]
    NoRoom {
        /// Bytes still to be downloaded.
        needed: u64,
        /// Bytes free.
        free: u64,
        /// The folder that they would be written to.
        folder: PathBuf,
    },
    /// Another download of the same file is under way.
    #[error("another program is downloading it now: \"{}\"", .path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// There is no folder to store the file in.
    #[error("there is no home folder to keep it in; set {variable}")]
    NoFolder {
        /// The environment variable that can name one.
        variable: &'static str,
    },
    /// The user cancelled the download.
    #[error("stopped; {have} bytes are kept, and the same command goes on from there")]
    Stopped {
        /// Bytes received so far.
        have: u64,
    },
    /// Writing to the disk failed.
    #[error("can't write it ({reason}): \"{}\"", .path.display())]
    Disk {
        /// The system's error.
        reason: std::io::Error,
        /// The file or folder.
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
