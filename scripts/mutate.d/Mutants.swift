// Chooses the change that is active. Copied into each module whose places are changed.
import Glibc

/// The number of the change, by LECTERN_MUTANT; 0: none.
private let active = getenv("LECTERN_MUTANT").flatMap { Int(String(cString: $0)) } ?? 0

/// A byte for each place, set once it is reached, in the file LECTERN_MUTANTS_REACHED, which outlives a crash.
nonisolated(unsafe) private let reached: UnsafeMutablePointer<UInt8>? = {
    guard let path = getenv("LECTERN_MUTANTS_REACHED") else { return nil }
    let file = open(path, O_RDWR | O_CREAT, 0o600)
    guard file >= 0, ftruncate(file, mutantsAtMost) == 0 else { return nil }
    let map = mmap(nil, mutantsAtMost, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    return map == MAP_FAILED ? nil : map?.assumingMemoryBound(to: UInt8.self)
}()

private let mutantsAtMost = 65_536

/// Which change of the place whose first one is `first` is active, from 0; any other number: none.
func mutation(_ first: Int) -> Int {
    reached?[first] = 1
    return active - first
}

func keeps(_ number: Int) -> Bool { mutation(number) != 0 }

func raised<Value: Numeric>(_ number: Int, _ value: Value) -> Value {
    mutation(number) == 0 ? wrapping(value, plus: 1) ?? value + 1 : value
}

func stepped<Value: Numeric>(_ first: Int, _ value: Value) -> Value {
    switch mutation(first) {
    case 0: wrapping(value, plus: 1) ?? value + 1
    case 1: wrapping(value, plus: -1) ?? value - 1
    default: value
    }
}

/// Integers wrap: a change that overflows is to be judged by what it does.
private func wrapping<Value>(_ value: Value, plus step: Int) -> Value? {
    func wrapped<Number: FixedWidthInteger>(_ number: Number) -> Value? {
        (number &+ Number(truncatingIfNeeded: step)) as? Value
    }
    return (value as? any FixedWidthInteger).flatMap { wrapped($0) }
}

func mutatedTruth(_ number: Int, _ value: Bool) -> Bool { mutation(number) == 0 ? !value : value }

func mutatedMin<Value: Comparable>(_ number: Int, _ one: Value, _ other: Value) -> Value {
    mutation(number) == 0 ? max(one, other) : min(one, other)
}

func mutatedMax<Value: Comparable>(_ number: Int, _ one: Value, _ other: Value) -> Value {
    mutation(number) == 0 ? min(one, other) : max(one, other)
}
