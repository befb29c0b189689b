/// Memory that grows at its end, without checks of bounds: the matcher counts what it puts in and takes out.
struct BacktrackingStack<Element> {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var capacity: Int
    var count = 0

    init(capacity: Int) {
        base = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    var heldBytes: Int { capacity * MemoryLayout<Element>.stride }

    var top: UnsafeMutablePointer<Element> {
        @inline(__always) get { base + (count - 1) }
    }

    /// Makes room for more elements behind those that count.
    @inline(__always)
    mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(to: count + more) }
    }

    @inline(__always)
    mutating func push(_ element: Element) {
        reserve(1)
        base[count] = element
        count += 1
    }

    private mutating func grow(to least: Int) {
        resize(to: max(least, capacity * 2))
    }

    /// Gives memory back after a search that needed much.
    mutating func shrink(to most: Int) {
        count = 0
        if capacity > most { resize(to: most) }
    }

    private mutating func resize(to size: Int) {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: size)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity = size
    }

    func deallocate() { base.deallocate() }
}
