import ControlCore

/// Certificates for live tests, made with OpenSSL for the years 2020 to 2120. Their keys protect nothing.
enum TestCertificates {
    static var authority: [UInt8] { Array(authorityText.utf8) }
    /// For localhost, device.example and 127.0.0.1.
    static let good = identity(goodText)
    /// What `openssl x509 -fingerprint -sha256` says of ``good``.
    static let goodFingerprint =
        "F8:FE:68:72:77:F9:38:38:E1:27:39:C9:51:9A:D0:0D:F7:B4:59:62:54:2B:FF:06:65:EC:21:26:7C:D6:74:B0"
    /// For localhost and 127.0.0.1, until 2011-01-01.
    static let expired = identity(expiredText)
    /// For other.example, *.rooms.example and 10.0.0.9.
    static let other = identity(otherText)
    /// For localhost and 127.0.0.1, its own issuer.
    static let selfSigned = identity(selfSignedText)

    private static func identity(_ text: String) -> TLSIdentity {
        TLSIdentity(certificateChain: Array(text.utf8), privateKey: Array(text.utf8))
    }

    /// The authority of all others but ``selfSigned``.
    private static let authorityText = """
        -----BEGIN CERTIFICATE-----
        MIIBVTCB/KADAgECAgIQADAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1
        dGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
        A1UEAwwOVGVzdCBBdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATI
        CxEvCXOLzVztl5YzxIjYPRLKOzIgNcxmSCjcdVFjFakAsuacJn3zXy6s6QJbxu2z
        gI9Dti5rMyzAUBKH9B3PozIwMDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTt
        QDSCUdcrCOR9uq/Mki/n09+OYjAKBggqhkjOPQQDAgNIADBFAiBPtHd7NttisKcp
        C7Lr3INKHcLNk23LorHjwsP5HxrBsAIhAKqPpDXJlVPhl8UaC5j45rUk+ZmylQu9
        NVCGCyMbJIgr
        -----END CERTIFICATE-----
        """

    /// Certificate and key.
    private static let goodText = """
        -----BEGIN CERTIFICATE-----
        MIIBiDCCAS6gAwIBAgICEAIwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOVGVzdCBB
        dXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMA8xDTAL
        BgNVBAMMBGdvb2QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQrmSi/ElzyPETw
        fQlu9Rp7YQpM9VczCSKJbs4DncDlyoYstSg79BINoWAwnRErpQcr8/J5oGTaS+Pe
        J3mOvixco24wbDAqBgNVHREEIzAhgglsb2NhbGhvc3SCDmRldmljZS5leGFtcGxl
        hwR/AAABMB0GA1UdDgQWBBTZUuEzXuCshDO3Ip8QZqrS76MOPDAfBgNVHSMEGDAW
        gBTtQDSCUdcrCOR9uq/Mki/n09+OYjAKBggqhkjOPQQDAgNIADBFAiEAug5KQcVW
        xc0n5YFMGBCwi/J5lOGmcYaYyZ6c8vSorDsCIFChFEV/PdEtKBHOhbwyJxdW5kk9
        MIE/j8lIsLjiK3aL
        -----END CERTIFICATE-----
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqO1K4pdcpySVKqKd
        Nvi3UFL9p+ll5DghYVcZIt18e4ChRANCAAQrmSi/ElzyPETwfQlu9Rp7YQpM9Vcz
        CSKJbs4DncDlyoYstSg79BINoWAwnRErpQcr8/J5oGTaS+PeJ3mOvixc
        -----END PRIVATE KEY-----
        """

    /// Certificate and key.
    private static let expiredText = """
        -----BEGIN CERTIFICATE-----
        MIIBejCCAR+gAwIBAgICEAMwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOVGVzdCBB
        dXRob3JpdHkwHhcNMTAwMTAxMDAwMDAwWhcNMTEwMTAxMDAwMDAwWjASMRAwDgYD
        VQQDDAdleHBpcmVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4ansuA+OilsX
        MQE3nvwfeSzIaYritIdxUJoRw8lp+NRE9Tbr+ao4H4o845cbmiifhUbtSusjpnhT
        BiOsA8EyhKNeMFwwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMB0GA1UdDgQW
        BBTdTHw7c55dNKCDEuMbRy5gwbzC5TAfBgNVHSMEGDAWgBTtQDSCUdcrCOR9uq/M
        ki/n09+OYjAKBggqhkjOPQQDAgNJADBGAiEAnSFIoEib1RTdCa0iInK+0JvJMoAd
        IextbC8aUgZqEigCIQCnaRZcmlSVuBpJb6XiwcZGVUTebS6IV5Mz+ag/QNw/iA==
        -----END CERTIFICATE-----
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqacXGAbAH3uTvd9V
        +jEhz7NstXjZn1fKHond0xOVJrmhRANCAAThqey4D46KWxcxATee/B95LMhpiuK0
        h3FQmhHDyWn41ET1Nuv5qjgfijzjlxuaKJ+FRu1K6yOmeFMGI6wDwTKE
        -----END PRIVATE KEY-----
        """

    /// Certificate and key.
    private static let otherText = """
        -----BEGIN CERTIFICATE-----
        MIIBjTCCATSgAwIBAgICEAQwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwOVGVzdCBB
        dXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBAxDjAM
        BgNVBAMMBW90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEscprRo2gKTwT
        qwkv+hgNzZ4lnfw24d5T6BTXf/l2bFSg4QsDlqJeIBdE+uvlJWNOJFPZkPungKS5
        ipg+CvObv6NzMHEwLwYDVR0RBCgwJoINb3RoZXIuZXhhbXBsZYIPKi5yb29tcy5l
        eGFtcGxlhwQKAAAJMB0GA1UdDgQWBBRMY62RGAWr9iiZkny3CqGMedqf1zAfBgNV
        HSMEGDAWgBTtQDSCUdcrCOR9uq/Mki/n09+OYjAKBggqhkjOPQQDAgNHADBEAiA3
        LT+PAPYWpMPuqy+ocMUQfFz9/nP4tybHIAbi1TjcMAIgBT646b4VPL//dYwTlUec
        yyhWAC00HaZYCf1xtxna0Dc=
        -----END CERTIFICATE-----
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBtf8pLTfltEi4Txg
        8YtZMezNfZRSRscCcUXpv2RM/7uhRANCAASxymtGjaApPBOrCS/6GA3NniWd/Dbh
        3lPoFNd/+XZsVKDhCwOWol4gF0T66+UlY04kU9mQ+6eApLmKmD4K85u/
        -----END PRIVATE KEY-----
        """

    /// Certificate and key.
    private static let selfSignedText = """
        -----BEGIN CERTIFICATE-----
        MIIBVTCB/aADAgECAgIQATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
        c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
        CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBw8t3y96SL/UJGX
        DxXjNx1c0mURFypbhDiENDBZwvrasBZxI+Opm1wIq5OpCShzVCtM4lyt0Dt6HYMS
        SCpX2cOjPTA7MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAdBgNVHQ4EFgQU
        f1efG6Zb3mj9llTXSmR7/xbX8SYwCgYIKoZIzj0EAwIDRwAwRAIgJDExS/7Qa4dM
        OUmXKwvP66moXqr4JtsfxEZq0cKiyPgCIBCUcIEOFq4d9J+o1Z1INo23LceSli6s
        g6sQ6k9bt9Wc
        -----END CERTIFICATE-----
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJMkzz6OFuKNIwZhC
        xRY0alvDs1YxizlSidUp+5c8n8KhRANCAAQcPLd8veki/1CRlw8V4zcdXNJlERcq
        W4Q4hDQwWcL62rAWcSPjqZtcCKuTqQkoc1QrTOJcrdA7eh2DEkgqV9nD
        -----END PRIVATE KEY-----
        """
}
