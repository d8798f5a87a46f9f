//! Folders and logs as rows.
