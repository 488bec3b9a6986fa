"""The names that customers have, by language, and the ways in which they get misspelt."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FEMALE: Mapping[str, tuple[str, ...]] = {
    "en": _names(
        "Alice Amelia Beth Charlotte Chloe Emily Emma Eva Freya Grace Hannah Holly Isla Jessica"
        " Lily Lucy Megan Nora Olivia Phoebe Rosie Ruby Sarah Zara"
    ),
    "de": _names(
        "Anja Anna Birgit Claudia Elif Elke Frieda Greta Hannah Heike Ines Jana Johanna Jutta"
        " Käthe Lena Lotte Mareike Mia Nele Petra Sabine Svenja Ute"
    ),
    "fr": _names(
        "Adèle Agathe Alice Amélie Aurélie Brigitte Camille Chloé Claire Clémence Élise Inès"
        " Jeanne Julie Léa Louise Lucie Manon Margaux Marie Nathalie Océane Sylvie Zoé"
    ),
    "es": _names(
        "Alba Alicia Ana Beatriz Carmen Clara Cristina Daniela Elena Inés Irene Isabel Lucía"
        " Luz María Marta Noelia Nuria Paula Pilar Rocío Sara Sofía Teresa"
    ),
}
MALE: Mapping[str, tuple[str, ...]] = {
    "en": _names(
        "Adam Alfie Ben Callum Charlie Daniel Edward Ethan George Harry Henry Isaac Jack James"
        " Joseph Leo Liam Luke Noah Oliver Oscar Samuel Thomas William"
    ),
    "de": _names(
        "Andreas Bernd Can Dieter Emil Felix Florian Hans Henrik Jan Jens Jonas Jörg Jürgen"
        " Klaus Lukas Matthias Maximilian Moritz Niklas Paul Ralf Stefan Uwe"
    ),
    "fr": _names(
        "Alain Antoine Arthur Benoît Clément Cyril Étienne François Gabriel Hugo Jérôme Jules"
        " Julien Léo Louis Lucas Mathieu Nicolas Olivier Pascal Pierre Rémi Théo Yves"
    ),
    "es": _names(
        "Adrián Alejandro Álvaro Andrés Carlos Daniel Diego Fernando Hugo Iker Iván Javier"
        " Jorge José Juan Luis Manuel Marcos Martín Mateo Pablo Raúl Sergio Tomás"
    ),
}
LAST: Mapping[str, tuple[str, ...]] = {
    "en": _names(
        "Adams Allen Baker Barnes Bennett Brown Carter Clarke Cooper Davies Dixon Edwards Evans"
        " Fisher Foster Gibson Graham Green Hall Harris Hughes Jackson Johnson Knight Lewis"
        " Marshall Mason Mills Morgan Murray Palmer Parker Phillips Reid Roberts Robinson Shaw"
        " Simpson Stewart Taylor Thompson Turner Walker Ward Watson White Wilson Wright"
    ),
    "de": _names(
        "Albrecht Arnold Bauer Becker Berger Böhm Brandt Busch Demir Dietrich Engel Fischer"
        " Frank Fuchs Graf Groß Günther Haas Hartmann Hoffmann Jäger Kaiser Keller Koch König"
        " Krämer Krause Kühn Lang Lehmann Lorenz Maier Meyer Möller Müller Neumann Pfeiffer"
        " Richter Roth Schäfer Schmidt Schröder Schulz Seidel Sommer Vogel Wagner Weber Ziegler"
    ),
    "fr": _names(
        "Barbier Benoit Bernard Bertrand Blanc Bonnet Boucher Brun Caron Chevalier Clément"
        " Colin David Denis Dubois Dufour Dumont Dupont Durand Faure Fontaine Fournier Garnier"
        " Gauthier Girard Guérin Lambert Laurent Leclerc Lefèvre Lemaire Leroy Marchand Martin"
        " Mercier Meunier Michel Moreau Morel Noël Perrin Petit Richard Robert Rousseau Roux"
    ),
    "es": _names(
        "Aguilar Alonso Álvarez Blanco Cabrera Calvo Campos Castillo Castro Delgado Díaz"
        " Domínguez Fernández Flores Fuentes García Gil Gómez González Gutiérrez Hernández"
        " Herrera Ibáñez Iglesias Jiménez León López Lozano Márquez Martínez Medina Méndez"
        " Molina Moreno Muñoz Navarro Núñez Ortega Peña Pérez Ramírez Ramos Rodríguez Romero"
        " Ruiz"
    ),
}
MAIL_HOSTS = ("example.com", "example.org", "example.net")
KINDS_OF_ERROR = ("swapped", "dropped", "doubled", "ascii", "short_first_name")


def plain(name: str) -> str:
    """A name in lower-case ASCII, as it stands in an address."""
    ascii_name = (
        unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    )
    return "".join(letter for letter in ascii_name.lower() if letter.isalpha())


def misspell(first: str, last: str, kind: str, place: int) -> tuple[str, str, str]:
    """Both names with one fault, and its kind: another one where this kind leaves them as they are.

    `place` says which letter it falls on.
    """
    at = 1 + place % max(len(last) - 2, 1)
    if kind == "swapped" and last[at] != last[at + 1]:
        return first, last[:at] + last[at + 1] + last[at] + last[at + 2 :], kind
    if kind == "dropped" and len(last) > 4:
        return first, last[:at] + last[at + 1 :], kind
    if kind == "ascii" and plain(last).capitalize() != last:
        return first, plain(last).capitalize(), kind
    if kind == "short_first_name" and len(first) > 3:
        return first[0] + ".", last, kind
    return first, last[:at] + last[at] + last[at:], "doubled"
