import CHttpParser
import ControlCore

/// http-parser, which is loaded with the first response: few programs speak HTTP.
enum HttpParserLibrary {
    private static let loaded: Result<chttp_parser_functions, HttpFailure> = {
        var functions = chttp_parser_functions()
        guard let problem = chttp_parser_load(&functions) else { return .success(functions) }
        return .failure(.connection(.other(String(cString: problem))))
    }()

    /// The functions of the library.
    /// - Throws: ``HttpFailure/connection(_:)`` with the loader's text when it is not installed.
    static func functions() throws(HttpFailure) -> chttp_parser_functions { try loaded.get() }
}
