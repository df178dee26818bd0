import Board
import Runtime

/// What the native modules of this target share within one VM.
final class BoardState {
  let services: any BoardServices
  /// By `NativeTypeKey`; `.empty` until made.
  var types = [Value](repeating: .empty, count: NativeTypeKey.allCases.count)

  init(services: any BoardServices) {
    self.services = services
  }
}
