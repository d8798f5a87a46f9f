//! What the system refuses for now: no more files, no memory, no permission. It says nothing of the file that was to be read.
//!
//! Owns which errors are such refusals, wherever in an error's causes they are.

use std::error::Error;
use std::io;

/// Whether the system opens no more files, for the program or at all: there is no kind of error of its own for it.
pub fn is_out_of_files(error: &io::Error) -> bool {
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}

/// Whether the system refuses to have something read, whatever lies there.
pub fn is_refusal(error: &io::Error) -> bool {
    is_out_of_files(error)
        || matches!(error.kind(), io::ErrorKind::OutOfMemory | io::ErrorKind::PermissionDenied)
}

/// The system's refusal that an error is, or that one of its causes is.
pub fn refusal_in(error: &(dyn Error + 'static)) -> Option<io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        next = error.source();
        if let Some(of_system) = error.downcast_ref::<io::Error>() {
            if is_refusal(of_system) {
                let again = of_system.raw_os_error().map(io::Error::from_raw_os_error);
                return Some(again.unwrap_or_else(|| of_system.kind().into()));
            }
            // An error that is wrapped is no cause of its wrapping.
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
