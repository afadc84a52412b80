// A file copy with std::fs and std::io: copies argument 1 to argument 2, then reads the copy back and compares.
use std::env;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::process::exit;

fn checksum(bytes: &[u8]) -> u64 {
    // FNV-1a, 64 bits.
    bytes.iter().fold(0xcbf29ce484222325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100000001b3))
}

fn copy(from: &str, to: &str) -> io::Result<u64> {
    let mut reader = BufReader::new(File::open(from)?);
    let mut writer = BufWriter::new(File::create(to)?);
    let mut buffer = [0u8; 1000];
    let mut total = 0;
    loop {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            writer.flush()?;
            return Ok(total);
        }
        writer.write_all(&buffer[..n])?;
        total += n as u64;
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if arguments.len() != 3 {
        eprintln!("usage: copy_file FROM TO");
        exit(2);
    }
    let (from, to) = (&arguments[1], &arguments[2]);
    match copy(from, to) {
        Ok(total) => println!("copied {} bytes", total),
        Err(error) => {
            println!("cannot copy {}: {:?}", from, error.kind());
            exit(1);
        }
    }
    let original = fs::read(from).expect("the original is readable");
    let duplicate = fs::read(to).expect("the copy is readable");
    let length = fs::metadata(to).expect("the copy has metadata").len();
    println!("{} bytes, checksum {:016x}, equal: {}", length, checksum(&duplicate), original == duplicate);
    fs::rename(to, format!("{}.done", to)).expect("renaming works");
    println!("exists under the old name: {}", fs::metadata(to).is_ok());
}
