/// What the world does to a part: `adt7410.temperature=30.5`.
struct Stimulus: Sendable {
  /// Part and property: `adt7410.temperature`.
  let property: String
  let value: String

  /// nil without an equals sign.
  init?(_ text: String) {
    guard let sign = text.firstIndex(of: "=") else { return nil }
    property = String(text[..<sign])
    value = String(text[text.index(after: sign)...])
  }
}
