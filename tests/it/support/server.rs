//! A web server on the loopback interface that acts as the hub and as file hosts, working or faulty.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// A request that the server got.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    headers: Vec<(String, String)>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The first byte of the requested range.
    pub fn range_start(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// An answer of the server.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The length to announce instead of the body's own.
    pub announced: Option<usize>,
    /// The number of bytes of the body after which the connection is closed.
    pub cut_after: Option<usize>,
    /// The number of bytes to send at once, and the pause after them.
    pub drip: Option<(usize, Duration)>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A file, or the rest of it if the request has a range.
    pub fn file(content: &[u8], request: &Request) -> Self {
        let reply = match request.range_start() {
            Some(from) if from >= content.len() => Self::new(416, ""),
            Some(from) => Self::new(206, &content[from..])
                .header("Content-Range", format!("bytes {from}-{}/{}", content.len() - 1, content.len())),
            None => Self::new(200, content),
        };
        reply.header("Accept-Ranges", "bytes")
    }
}

/// A running server, which ends with the test.
pub struct Server {
    pub port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server that answers each request with the result of `answer`.
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { port, requests }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// All requests up to now.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// All requests up to now as text: method and path, and `from N` if there is a range.
    pub fn log(&self) -> Vec<String> {
        let word = |r: &Request| match r.range_start() {
            Some(from) => format!("{} {} from {from}", r.method, r.path),
            None => format!("{} {}", r.method, r.path),
        };
        self.requests().iter().map(word).collect()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap_or("").to_owned(), words.next().unwrap_or("").to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    let request = Request { method, path, headers };
    seen.lock().unwrap().push(request.clone());
    // The client may have closed the connection; then there is nothing to do.
    drop(send(stream, &request, &answer(&request)));
}

fn send(mut stream: TcpStream, request: &Request, reply: &Reply) -> std::io::Result<()> {
    let length = reply.announced.unwrap_or(reply.body.len());
    let mut head =
        format!("HTTP/1.1 {} Whatever\r\nConnection: close\r\nContent-Length: {length}\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &[name, ": ", value, "\r\n"].concat();
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    if request.method == "HEAD" {
        return Ok(());
    }
    let body = &reply.body[..reply.cut_after.unwrap_or(reply.body.len()).min(reply.body.len())];
    match reply.drip {
        None => stream.write_all(body),
        Some((size, pause)) => body.chunks(size).try_for_each(|part| {
            stream.write_all(part)?;
            stream.flush()?;
            std::thread::sleep(pause);
            Ok(())
        }),
    }
}

/// The SHA-256 hash of bytes, in lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|n| char::from(b"0123456789abcdef"[usize::from(n)]))
        .collect()
}

/// The commit that the server gives when it acts as the hub.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The hub's answer for a large file: its size, its hash and a redirection to `location`.
pub fn hub_says(content: &[u8], location: &str) -> Reply {
    Reply::new(302, "")
        .header("Location", location)
        .header("X-Repo-Commit", COMMIT)
        .header("X-Linked-Size", content.len().to_string())
        .header("X-Linked-Etag", format!("\"{}\"", sha256(content)))
}

/// A hub with the same file in each repository. The file's bytes are at `/bytes`.
pub fn hub(content: Vec<u8>) -> Server {
    Server::start(move |request| {
        if request.path.contains("/resolve/main/") {
            hub_says(&content, "/bytes")
        } else {
            Reply::file(&content, request)
        }
    })
}
