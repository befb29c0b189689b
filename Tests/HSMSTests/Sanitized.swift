import Glibc

/// Whether the address sanitizer watches, which makes everything several times slower: scripts/test sets its options
/// then.
let isSanitized = getenv("ASAN_OPTIONS") != nil
