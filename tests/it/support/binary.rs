//! Runs the real program in a temporary folder, without a display.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A temporary folder in which the program is run.
pub struct Bench {
    folder: tempfile::TempDir,
}

/// The result of a run.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    /// An empty folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with the cat as `cat.png`.
    pub fn with_cat() -> Self {
        let bench = Self::new();
        bench.add_cat("cat.png");
        bench
    }

    /// Adds the cat's picture under this name.
    pub fn add_cat(&self, name: &str) {
        let to = self.path(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(super::root().join("assets/cat.png"), to).unwrap();
    }

    /// Writes a file with this content, and its folders.
    pub fn add(&self, name: &str, content: &[u8]) {
        let to = self.path(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, content).unwrap();
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Names of the files in a folder inside the temporary folder, sorted, hidden ones included.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The program with arguments separated by blanks, ready to run.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_filterscope"));
        command
            .current_dir(self.folder.path())
            .args(arguments.split_whitespace())
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env_remove("FILTERSCOPE_LOG")
            // Tests don't use the weights and settings of the machine.
            .env("HOME", self.folder.path().join("home"));
        for name in [
            "ALL_PROXY",
            "FILTERSCOPE_HOME",
            "HF_ENDPOINT",
            "HF_HOME",
            "HF_HUB_CACHE",
            "HF_HUB_OFFLINE",
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "HUGGINGFACE_HUB_CACHE",
            "HUGGING_FACE_HUB_TOKEN",
            "KERAS_HOME",
            "NO_PROXY",
            "XDG_CACHE_HOME",
            "XDG_DATA_HOME",
            "all_proxy",
            "http_proxy",
            "https_proxy",
            "no_proxy",
        ] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program.
    pub fn run(&self, arguments: &str) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Runs the program. Panics unless it exits with code 0.
    pub fn ok(&self, arguments: &str) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments}: {}", run.stderr);
        run
    }
}

impl Run {
    /// The result of a finished process.
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Width and height of a picture, from its header.
pub fn size_of(path: &Path) -> (u32, u32) {
    image::image_dimensions(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
