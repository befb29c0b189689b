/// The version of Lectern.
public enum LecternVersion {
    /// As `lectern version` prints it.
    public static let current = "0.1.0"
}
