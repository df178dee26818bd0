// swift-tools-version: 6.2
import PackageDescription

/// Every target: Swift 6 language mode, warnings are errors.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
  name: "circuitpyd",
  products: [.executable(name: "circuitpyd", targets: ["circuitpyd"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // libfuse3 for Swift: what Swift cannot import, wrapped in C.
    .target(name: "CFuse", linkerSettings: [.linkedLibrary("fuse3")]),
    .target(name: "FlashFS", swiftSettings: strict),
    .target(
      name: "Runtime",
      swiftSettings: strict + [
        // Handlers tail-call one another only under -O; a debug build bounces on a trampoline.
        .define("VM_THREADED", .when(platforms: [.linux, .macOS], configuration: .release))
      ]),
    .target(name: "Board", swiftSettings: strict),
    .target(
      name: "CircuitPython", dependencies: ["Runtime", "Board", "FlashFS"], swiftSettings: strict),
    .target(name: "DriverBundle", dependencies: ["Board"], swiftSettings: strict),
    .executableTarget(
      name: "circuitpyd",
      dependencies: [
        "CFuse", "FlashFS", "Runtime", "Board", "CircuitPython", "DriverBundle",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    // The drive's long tests: cuts, model, fuzz, races (release and sanitizer builds).
    .executableTarget(
      name: "drivelab",
      dependencies: ["FlashFS", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Tests/drivelab", swiftSettings: strict),
    // What the drive is measured against.
    .executableTarget(name: "memfs", dependencies: ["CFuse"], path: "Benchmarks/memfs", swiftSettings: strict),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime"], swiftSettings: strict),
    .testTarget(name: "FlashFSTests", dependencies: ["FlashFS"], swiftSettings: strict),
    .testTarget(name: "BoardTests", dependencies: ["Board"], swiftSettings: strict),
    .testTarget(
      name: "DriverBundleTests", dependencies: ["DriverBundle", "Board"], swiftSettings: strict),
    .testTarget(
      name: "circuitpydTests", dependencies: ["circuitpyd", "FlashFS", "Runtime"],
      swiftSettings: strict),
  ]
)
