// Sources/Room/Console.swift
import ControlCore
import Lectern

func console() -> ConsoleLog {
    ConsoleLog(format: .text, level: .info, colours: false, timeZone: SystemTimeZone()) { print($0, terminator: "") }
}
