use super::*;

/// RFC 1321 A.5, FIPS 180-4 and FIPS 202 examples (NIST CSRC), BLAKE3 test_vectors.json (input_len 0; "abc" and the third by
/// b3sum 1.5), RFC 1320 A.5 for ED2K of one chunk ("abc"; the third by OpenSSL 3.0), CRC-32 by zlib 1.3; in the order of
/// `Algorithm::ALL`.
#[rustfmt::skip]
const VECTORS: &[(&str, [&str; 8])] = &[
    (
        "",
        [
            "d41d8cd98f00b204e9800998ecf8427e",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
            "00000000",
            "31d6cfe0d16ae931b73c59d7e0c089c0",
        ],
    ),
    (
        "abc",
        [
            "900150983cd24fb0d6963f7d28e17f72",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
            "352441c2",
            "a448017aaf21d8525fc10ae87aa6729d",
        ],
    ),
    (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        [
            "8215ef0796a20bcaaae116d3876c664a",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            "c19012cc2aaf0dc3d8e5c45a1b79114d2df42abb2a410bf54be09e891af06ff8",
            "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c33596fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445",
            "41c0dba2a9d6240849100376a8235e2c82e1b9998a999e21db32dd97496d3376",
            "171a3f5f",
            "4691a9ec81b1a6bd1ab8557240b245c5",
        ],
    ),
];

fn digests_of(bytes: &[u8], piece: usize) -> Digests {
    let mut hasher = Hasher::new(&Algorithm::ALL);
    bytes.chunks(piece).for_each(|part| hasher.update(part));
    hasher.finish()
}

#[test]
fn published_vectors_hold() {
    for (input, expected) in VECTORS {
        let digests = digests_of(input.as_bytes(), usize::MAX);
        for (algorithm, expected) in Algorithm::ALL.into_iter().zip(expected) {
            assert_eq!(digests.hex(algorithm).as_deref(), Some(*expected), "{algorithm:?} of {input:?}");
        }
    }
}

/// FIPS 180-4's and FIPS 202's longest example, a million times "a"; the check value of CRC-32/ISO-HDLC.
#[test]
fn published_vectors_of_many_blocks_hold() {
    let digests = digests_of(&vec![b'a'; 1_000_000], 4099);
    for (algorithm, expected) in [
        (Algorithm::Md5, "7707d6ae4e027c70eea2a935c2296f21"),
        (Algorithm::Sha1, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
        (Algorithm::Sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        (
            Algorithm::Sha512,
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
        ),
        (Algorithm::Sha3_256, "5c8875ae474a3634ba4fd55ec85bffd661f32aca75c6d699d0cdcb6c115891c1"),
    ] {
        assert_eq!(digests.hex(algorithm).as_deref(), Some(expected), "{algorithm:?}");
    }
    assert_eq!(digests_of(b"123456789", 4).hex(Algorithm::Crc32).as_deref(), Some("cbf43926"));
}

#[test]
fn the_cut_of_the_input_does_not_matter() {
    let bytes: Vec<u8> = (0..200_000u32).map(|n| ((n * 7919) >> 3) as u8).collect();
    let whole = digests_of(&bytes, bytes.len());
    for piece in [1, 63, 64, 65, 4097] {
        assert_eq!(digests_of(&bytes, piece), whole, "in pieces of {piece}");
    }
}

#[test]
fn only_what_is_asked_for_is_computed_and_alike_in_any_company() {
    let bytes: Vec<u8> = (0..1000u32).map(|n| (n * 31) as u8).collect();
    let all = digests_of(&bytes, 100);
    for set in 0..1u32 << Algorithm::ALL.len() {
        let asked: Vec<_> = Algorithm::ALL.into_iter().filter(|algorithm| set >> *algorithm as u32 & 1 == 1).collect();
        let mut hasher = Hasher::new(&asked);
        hasher.update(&bytes);
        let digests = hasher.finish();
        for algorithm in Algorithm::ALL {
            let expected = asked.contains(&algorithm).then(|| all.get(algorithm)).flatten();
            assert_eq!(digests.get(algorithm), expected, "{algorithm:?} among {asked:?}");
        }
    }
}
