// Panics in a function of a nested module.
mod deep {
    #[inline(never)]
    pub fn index(v: &[i32], i: usize) -> i32 {
        v[i]
    }
}

fn main() {
    let v = vec![1, 2, 3];
    let n = std::env::args().count() + 5;
    println!("{}", deep::index(&v, n));
}
