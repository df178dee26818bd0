import ArgumentParser
import FlashFS
import Glibc

/// What can be done with a flash image without mounting it.
struct FlashCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flash", abstract: "Look at flash images, check, export and fill them.",
    subcommands: [
      FlashInfoCommand.self, FlashCheckCommand.self, FlashRecoverCommand.self, FlashExportCommand.self,
      FlashImportCommand.self, FlashUF2Command.self,
    ])
}

/// The argument that names an image.
struct ImageChoice: ParsableArguments {
  @Argument(help: ArgumentHelp("The image, or the drive that it belongs to.", valueName: "image")) var image: String

  /// A drive stands for the image it was mounted from, or for the one beside it.
  var path: String {
    get throws(CommandError) {
      var info = stat()
      guard lstat(image, &info) != 0 || info.st_mode & S_IFMT == S_IFDIR else { return image }
      guard let paths = try? BoardPaths(mountPoint: image) else { return image }
      let source = MountTable.current().top(at: paths.mountPoint)?.source
      if let source, access(source, F_OK) == 0 { return source }
      return access(paths.image, F_OK) == 0 ? BoardPaths.shown(paths.image) : image
    }
  }

  func snapshot() throws(CommandError) -> ImageSnapshot {
    let path = try path
    do throws(FlashImageError) { return try ImageSnapshot.take(path) } catch { throw CommandError("\(error)") }
  }

  /// The bytes of the volume with its journal replayed.
  func volumeContent() throws(CommandError) -> [UInt8] {
    let snapshot = try snapshot()
    do throws(JournalError) { return try snapshot.volumeContent() } catch {
      throw CommandError("\(snapshot.path): \(error)")
    }
  }
}

/// An image opened for writing: recovered, and left clean.
enum WritableImage {
  static func use<Result>(_ path: String, _ body: (any VolumeStorage) throws -> Result) throws -> Result {
    // An image that is plain stays plain: only a mount puts a journal behind it.
    let image: FlashImage
    do throws(FlashImageError) { image = try FlashImage.openWithoutJournal(path: path) } catch {
      throw CommandError("\(error)")
    }
    defer { image.close() }
    do {
      let flash = try image.makeFlash()
      let storage: any VolumeStorage =
        image.hasJournal
        ? try image.openBlockStore(on: flash) : try image.openFaithfulStorage(on: flash, chip: .internalFlash)
      if let damaged = (storage as? BlockStore)?.recovery.damagedBlocks, !damaged.isEmpty {
        throw JournalError.damagedBlocks(damaged)
      }
      let result = try body(storage)
      try storage.close()
      return result
    } catch let error as CommandError {
      throw error
    } catch {
      throw CommandError("\(path): \(error)")
    }
  }
}

extension HostFile {
  /// Writes a whole new file under another name first, so that a full disk leaves nothing behind.
  static func writeWhole(_ bytes: [UInt8], to path: String) throws(CommandError) {
    let temporary = path + ".partial"
    guard write(bytes, to: temporary), rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw CommandError("cannot write \(path): \(String(cString: strerror(code)))")
    }
  }
}
