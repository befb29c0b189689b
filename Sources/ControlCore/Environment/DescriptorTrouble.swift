import Glibc

/// No file, socket or port can be opened, as there are too many: the fault of nobody whom the failed call was about.
enum DescriptorTrouble: Equatable {
    /// The process has as many as it may have.
    case ofTheProcess
    /// The machine has.
    case ofTheMachine

    /// What an error number says; `nil`: something else.
    init?(errorNumber: CInt) {
        switch errorNumber {
        case EMFILE: self = .ofTheProcess
        case ENFILE: self = .ofTheMachine
        default: return nil
        }
    }

    /// What is the matter at this moment, for calls of libraries that do not say why they failed; `nil`: something can
    /// be opened.
    static var now: DescriptorTrouble? {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return DescriptorTrouble(errorNumber: errno) }
        close(descriptor)
        return nil
    }

    /// The whole as one line, for messages.
    var text: String {
        switch self {
        case .ofTheProcess:
            "the process has too many open files (\(Self.limitText)): close connections, or raise the limit by ulimit -n "
                + "or LimitNOFILE="
        case .ofTheMachine:
            "the machine has too many open files: close some, or raise the limit by sysctl -w fs.file-max="
        }
    }

    private static var limitText: String {
        var limit = rlimit()
        let status = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard status == 0 else { return "the limit is not known" }
        return "the limit is \(limit.rlim_cur)"
    }
}

extension ConnectFailure {
    /// This failure, of a library that does not say that descriptors were missing, or that they are missing now.
    var orDescriptorTrouble: ConnectFailure {
        DescriptorTrouble.now.map { .other($0.text) } ?? self
    }
}
