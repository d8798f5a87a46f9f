//! Errors in which the system refuses an access: too many open files, no memory, no permission. They don't mean that the file to be
//! read is damaged.
//!
//! Owns which errors count as refusals, and finds them anywhere in an error's chain of causes.

use std::error::Error;
use std::io;

/// Whether the limit of open files is reached, for the program or for the whole system. `io::ErrorKind` has no kind for it.
pub fn is_out_of_files(error: &io::Error) -> bool {
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}

/// Whether the system refused the access, whatever the file contains.
pub fn is_refusal(error: &io::Error) -> bool {
    is_out_of_files(error)
        || matches!(error.kind(), io::ErrorKind::OutOfMemory | io::ErrorKind::PermissionDenied)
}

/// The system's refusal in an error or in one of its causes, as a new error; `None` where there is none.
pub fn refusal_in(error: &(dyn Error + 'static)) -> Option<io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        next = error.source();
        if let Some(of_system) = error.downcast_ref::<io::Error>() {
            if is_refusal(of_system) {
                let again = of_system.raw_os_error().map(io::Error::from_raw_os_error);
                return Some(again.unwrap_or_else(|| of_system.kind().into()));
            }
            // `source()` of an `io::Error` skips the error it wraps, so look at that one too.
            if let Some(inner) = of_system.get_ref() {
                next = Some(inner);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_found_among_causes() {
        let found = |error: io::Error| refusal_in(&error).map(|error| error.kind());
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(found(denied()), Some(io::ErrorKind::PermissionDenied));
        assert_eq!(found(io::Error::other(denied())), Some(io::ErrorKind::PermissionDenied));
        assert_eq!(found(io::Error::other("words")), None);
        assert_eq!(found(io::ErrorKind::UnexpectedEof.into()), None);
        #[cfg(unix)]
        assert_eq!(refusal_in(&io::Error::from_raw_os_error(24)).unwrap().raw_os_error(), Some(24));
    }
}
