//! Keccak-256 of two byte strings at once: of the nodes of proofs, which is most of what verifying them takes.
//!
//! In a browser the two states lie side by side in vectors of 128 bits, and one permutation does for both. Every
//! browser that we support has them: Chrome since 91, Firefox since 89, Safari since 16.4. Elsewhere one byte string
//! is hashed after the other.
//!
//! Source: Keccak reference 3.0, §1.2 and §1.3.

#[cfg(not(target_arch = "wasm32"))]
mod pair {
    use alloy_primitives::{B256, keccak256};

    /// The hashes of two byte strings; in a browser, in little more time than the longer one takes.
    pub fn keccak256_pair(one: &[u8], other: &[u8]) -> [B256; 2] {
        [keccak256(one), keccak256(other)]
    }
}

#[cfg(target_arch = "wasm32")]
mod pair {
    use alloy_primitives::B256;
    use core::arch::wasm32::{
        u64x2, u64x2_extract_lane, u64x2_shl, u64x2_shr, u64x2_splat, v128, v128_andnot, v128_or, v128_xor,
    };

    /// The hashes of two byte strings; in a browser, in little more time than the longer one takes.
    #[target_feature(enable = "simd128")]
    pub fn keccak256_pair(one: &[u8], other: &[u8]) -> [B256; 2] {
        let (one_blocks, one_last) = pad(one);
        let (other_blocks, other_last) = pad(other);
        let mut states = [u64x2_splat(0); 25];
        let mut hashes = [B256::ZERO; 2];
        for index in 0..=one_blocks.len().max(other_blocks.len()) {
            // What comes after the last block of the shorter one does not matter.
            let one = one_blocks.get(index).unwrap_or(&one_last).as_chunks().0;
            let other = other_blocks.get(index).unwrap_or(&other_last).as_chunks().0;
            for (lane, (one, other)) in states.iter_mut().zip(one.iter().zip(other)) {
                *lane = v128_xor(*lane, u64x2(u64::from_le_bytes(*one), u64::from_le_bytes(*other)));
            }
            for constant in ROUND_CONSTANTS {
                states = round(&states, constant);
            }
            let [one_hash, other_hash] = &mut hashes;
            let [a, b, c, d, ..] = states;
            if index == one_blocks.len() {
                *one_hash = hash([a, b, c, d].map(|lane| u64x2_extract_lane::<0>(lane)));
            }
            if index == other_blocks.len() {
                *other_hash = hash([a, b, c, d].map(|lane| u64x2_extract_lane::<1>(lane)));
            }
        }
        hashes
    }

    /// The whole blocks of an input, and the last, which is padded.
    fn pad(input: &[u8]) -> (&[[u8; RATE]], [u8; RATE]) {
        let (blocks, rest) = input.as_chunks();
        let mut last = [0; RATE];
        let (data, padding) = last.split_at_mut(rest.len());
        data.copy_from_slice(rest);
        if let Some(first) = padding.first_mut() {
            *first = 0x01;
        }
        let [.., end] = &mut last;
        *end |= 0x80;
        (blocks, last)
    }

    /// What the first lanes of a state are when it is squeezed.
    fn hash(lanes: [u64; 4]) -> B256 {
        let mut hash = B256::ZERO;
        hash.as_chunks_mut().0.iter_mut().zip(lanes).for_each(|(bytes, lane)| *bytes = lane.to_le_bytes());
        hash
    }

    /// A round of the permutation: θ, then ρ, π and χ for one plane after the other, and ι.
    #[inline]
    #[target_feature(enable = "simd128")]
    fn round(a: &[v128; 25], constant: u64) -> [v128; 25] {
        let c0 = parity(a[0], a[5], a[10], a[15], a[20]);
        let c1 = parity(a[1], a[6], a[11], a[16], a[21]);
        let c2 = parity(a[2], a[7], a[12], a[17], a[22]);
        let c3 = parity(a[3], a[8], a[13], a[18], a[23]);
        let c4 = parity(a[4], a[9], a[14], a[19], a[24]);
        let d0 = v128_xor(c4, rotate::<1>(c1));
        let d1 = v128_xor(c0, rotate::<1>(c2));
        let d2 = v128_xor(c1, rotate::<1>(c3));
        let d3 = v128_xor(c2, rotate::<1>(c4));
        let d4 = v128_xor(c3, rotate::<1>(c0));
        let [b0, b1, b2, b3, b4] = chi(
            v128_xor(a[0], d0),
            rotate::<44>(v128_xor(a[6], d1)),
            rotate::<43>(v128_xor(a[12], d2)),
            rotate::<21>(v128_xor(a[18], d3)),
            rotate::<14>(v128_xor(a[24], d4)),
        );
        let [b5, b6, b7, b8, b9] = chi(
            rotate::<28>(v128_xor(a[3], d3)),
            rotate::<20>(v128_xor(a[9], d4)),
            rotate::<3>(v128_xor(a[10], d0)),
            rotate::<45>(v128_xor(a[16], d1)),
            rotate::<61>(v128_xor(a[22], d2)),
        );
        let [b10, b11, b12, b13, b14] = chi(
            rotate::<1>(v128_xor(a[1], d1)),
            rotate::<6>(v128_xor(a[7], d2)),
            rotate::<25>(v128_xor(a[13], d3)),
            rotate::<8>(v128_xor(a[19], d4)),
            rotate::<18>(v128_xor(a[20], d0)),
        );
        let [b15, b16, b17, b18, b19] = chi(
            rotate::<27>(v128_xor(a[4], d4)),
            rotate::<36>(v128_xor(a[5], d0)),
            rotate::<10>(v128_xor(a[11], d1)),
            rotate::<15>(v128_xor(a[17], d2)),
            rotate::<56>(v128_xor(a[23], d3)),
        );
        let [b20, b21, b22, b23, b24] = chi(
            rotate::<62>(v128_xor(a[2], d2)),
            rotate::<55>(v128_xor(a[8], d3)),
            rotate::<39>(v128_xor(a[14], d4)),
            rotate::<41>(v128_xor(a[15], d0)),
            rotate::<2>(v128_xor(a[21], d1)),
        );
        let b0 = v128_xor(b0, u64x2_splat(constant));
        [
            b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16, b17, b18, b19, b20,
            b21, b22, b23, b24,
        ]
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    fn parity(a: v128, b: v128, c: v128, d: v128, e: v128) -> v128 {
        v128_xor(v128_xor(v128_xor(a, b), v128_xor(c, d)), e)
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    fn rotate<const BITS: u32>(lane: v128) -> v128 {
        v128_or(u64x2_shl(lane, BITS), u64x2_shr(lane, 64 - BITS))
    }

    #[inline]
    #[target_feature(enable = "simd128")]
    fn chi(a: v128, b: v128, c: v128, d: v128, e: v128) -> [v128; 5] {
        [
            v128_xor(a, v128_andnot(c, b)),
            v128_xor(b, v128_andnot(d, c)),
            v128_xor(c, v128_andnot(e, d)),
            v128_xor(d, v128_andnot(a, e)),
            v128_xor(e, v128_andnot(b, a)),
        ]
    }

    /// Bytes that one permutation takes in.
    const RATE: usize = 136;

    const ROUND_CONSTANTS: [u64; 24] = [
        0x0000_0000_0000_0001,
        0x0000_0000_0000_8082,
        0x8000_0000_0000_808a,
        0x8000_0000_8000_8000,
        0x0000_0000_0000_808b,
        0x0000_0000_8000_0001,
        0x8000_0000_8000_8081,
        0x8000_0000_0000_8009,
        0x0000_0000_0000_008a,
        0x0000_0000_0000_0088,
        0x0000_0000_8000_8009,
        0x0000_0000_8000_000a,
        0x0000_0000_8000_808b,
        0x8000_0000_0000_008b,
        0x8000_0000_0000_8089,
        0x8000_0000_0000_8003,
        0x8000_0000_0000_8002,
        0x8000_0000_0000_0080,
        0x0000_0000_0000_800a,
        0x8000_0000_8000_000a,
        0x8000_0000_8000_8081,
        0x8000_0000_0000_8080,
        0x0000_0000_8000_0001,
        0x8000_0000_8000_8008,
    ];
}

pub use pair::keccak256_pair;
