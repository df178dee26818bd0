final class MountedBoard {
  init(_ options: MountOptions) throws(CommandError) { throw CommandError("not yet") }
  func start() throws(CommandError) {}
  func waitForEnd() {}
}
