"""What can be wrong with a file, and with a cell.

SkoolyError
├── FileRefused           nothing of the file can be used
│   ├── NotReadable, NotCsv, EmptyFile
│   ├── UnknownEncoding, MixedEncoding, Undecodable, Utf16WithoutMark, NulCharacter
│   ├── UnknownSeparator, BrokenQuoting, FileChanged
│   └── UnknownColumn, DuplicateColumn, MissingColumns
└── CellRefused           one cell; the others go on being checked
    ├── Missing, TooLong, UnreadableCharacter, SpreadsheetError, ScientificNotation, Unnamed, TooManyCells
    ├── NotADate, TwoDigitYear, SerialDate, NotABoolean, NotOneOf, NotANumber, NotAnEmail
    └── NotAnAmount, AmbiguousAmount, TooManyDecimals, OtherCurrency, NotPositive, TooLarge
"""

from app.core.errors import SkoolyError


class FileRefused(SkoolyError):
    """The whole file is refused before any row is used."""


class CellRefused(SkoolyError):
    """One cell is refused; the message says what to type instead."""


class NotReadable(FileRefused):
    code = "FILE_NOT_READABLE"
    fr = "Impossible de lire « {path} » : {reason_fr}."
    en = "Cannot read “{path}”: {reason_en}."


class NotCsv(FileRefused):
    code = "FILE_NOT_CSV"
    fr = "Ce fichier est {kind_fr}, pas un CSV. {advice_fr}"
    en = "This file is {kind_en}, not a CSV. {advice_en}"


class EmptyFile(FileRefused):
    code = "FILE_EMPTY"
    fr = "Le fichier est vide : il faut une ligne de titres, puis une ligne par enregistrement."
    en = "The file is empty: it needs a line of titles, then one line per record."


class UnknownEncoding(FileRefused):
    code = "ENCODING_UNKNOWN"
    fr = "Encodage inconnu « {encoding} ». Exemples : utf-8, cp1252, utf-16, mac-roman."
    en = "Unknown encoding “{encoding}”. Examples: utf-8, cp1252, utf-16, mac-roman."


class MixedEncoding(FileRefused):
    code = "ENCODING_MIXED"
    fr = (
        "Le fichier mélange deux encodages : de l'UTF-8, et ligne {line} l'octet 0x{byte:02X} qui n'en est pas. "
        "Réenregistrez-le en « CSV UTF-8 », ou imposez l'encodage avec --encoding cp1252."
    )
    en = (
        "The file mixes two encodings: UTF-8, and on line {line} the byte 0x{byte:02X} which is not. "
        "Save it again as “CSV UTF-8”, or force an encoding with --encoding cp1252."
    )


class Undecodable(FileRefused):
    code = "ENCODING_UNDECODABLE"
    fr = "Ligne {line} : l'octet 0x{byte:02X} n'existe pas en {encoding}. Réenregistrez le fichier en « CSV UTF-8 »."
    en = "Line {line}: the byte 0x{byte:02X} does not exist in {encoding}. Save the file again as “CSV UTF-8”."


class Utf16WithoutMark(FileRefused):
    code = "ENCODING_UTF16_WITHOUT_MARK"
    fr = "Le fichier ressemble à de l'UTF-16 sans marque d'ordre : ajoutez --encoding {encoding}."
    en = "The file looks like UTF-16 without a byte order mark: add --encoding {encoding}."


class NulCharacter(FileRefused):
    code = "FILE_HAS_NUL"
    fr = "Ligne {line} : caractère NUL. Le fichier est abîmé ou n'est pas un CSV ; exportez-le à nouveau."
    en = "Line {line}: NUL character. The file is damaged or is not a CSV; export it again."


class UnknownSeparator(FileRefused):
    code = "SEPARATOR_UNKNOWN"
    fr = "Séparateur refusé : choisissez parmi « ; », « , », « | » et « tab »."
    en = "Separator refused: choose among “;”, “,”, “|” and “tab”."


class BrokenQuoting(FileRefused):
    code = "QUOTING_BROKEN"
    fr = "À partir de la ligne {line}, un guillemet « \" » n'est pas refermé ou n'est pas doublé."
    en = 'From line {line} on, a quote (") is not closed or not doubled.'


class FileChanged(FileRefused):
    code = "FILE_CHANGED"
    fr = "Le fichier a changé pendant la lecture. Fermez-le dans Excel et recommencez."
    en = "The file changed while it was read. Close it in Excel and start again."


class UnknownColumn(FileRefused):
    code = "COLUMN_UNKNOWN"
    fr = "Colonne inconnue « {header} » (ligne {line}, colonne {position}).{hint_fr} Colonnes connues : {known_fr}."
    en = "Unknown column “{header}” (line {line}, column {position}).{hint_en} Known columns: {known_en}."


class DuplicateColumn(FileRefused):
    code = "COLUMN_DUPLICATE"
    fr = "Les colonnes « {first} » et « {second} » (ligne {line}) disent la même chose : supprimez-en une."
    en = "The columns “{first}” and “{second}” (line {line}) mean the same thing: remove one."


class MissingColumns(FileRefused):
    code = "COLUMN_MISSING"
    fr = "Il manque : {missing_fr}. Titres lus ligne {line} : {found}. Colonnes connues : {known_fr}."
    en = "Missing: {missing_en}. Titles read on line {line}: {found}. Known columns: {known_en}."


class Missing(CellRefused):
    code = "CELL_MISSING"
    fr = "Cellule vide : une valeur est obligatoire."
    en = "Empty cell: a value is required."


class TooLong(CellRefused):
    code = "CELL_TOO_LONG"
    fr = "{length} caractères : {longest} au plus."
    en = "{length} characters: at most {longest}."


class UnreadableCharacter(CellRefused):
    code = "CELL_UNREADABLE_CHARACTER"
    fr = (
        "Caractère interdit ou illisible {character} : saut de ligne, tabulation ou encodage abîmé. Retapez la cellule."
    )
    en = "Forbidden or unreadable character {character}: line break, tab or damaged encoding. Retype the cell."


class SpreadsheetError(CellRefused):
    code = "CELL_SPREADSHEET_ERROR"
    fr = "« {text} » est une erreur du tableur, pas une valeur : corrigez la formule ou élargissez la colonne."
    en = "“{text}” is an error of the spreadsheet, not a value: fix the formula or widen the column."


class ScientificNotation(CellRefused):
    code = "CELL_SCIENTIFIC_NOTATION"
    fr = (
        "« {text} » : Excel a arrondi un long numéro et en a perdu les derniers chiffres. "
        "Mettez la colonne au format « Texte » avant d'y coller les numéros, puis exportez à nouveau."
    )
    en = (
        "“{text}”: Excel rounded a long number and lost its last digits. "
        "Format the column as “Text” before pasting the numbers into it, then export again."
    )


class TooManyCells(CellRefused):
    code = "ROW_TOO_LONG"
    fr = (
        "{found} cellules pour {expected} colonnes. "
        "Un texte ou un montant contient sans doute le séparateur : entourez-le de guillemets."
    )
    en = (
        "{found} cells for {expected} columns. "
        "A text or an amount probably contains the separator: put it between quotes."
    )


class Unnamed(CellRefused):
    code = "CELL_WITHOUT_TITLE"
    fr = "La colonne {position} n'a pas de titre mais contient « {text} »."
    en = "Column {position} has no title but holds “{text}”."


class NotADate(CellRefused):
    code = "CELL_NOT_A_DATE"
    fr = "« {text} » n'est pas une date : écrivez 31/12/2024 (jour/mois/année) ou 2024-12-31."
    en = "“{text}” is not a date: write 31/12/2024 (day/month/year) or 2024-12-31."


class TwoDigitYear(CellRefused):
    code = "CELL_TWO_DIGIT_YEAR"
    fr = "« {text} » : l'année doit avoir quatre chiffres, comme 31/12/2024."
    en = "“{text}”: the year needs four digits, as in 31/12/2024."


class SerialDate(CellRefused):
    code = "CELL_SERIAL_DATE"
    fr = "« {text} » est un numéro de jour d'Excel : mettez la colonne au format « Date » et exportez à nouveau."
    en = "“{text}” is a day number of Excel: format the column as “Date” and export again."


class NotABoolean(CellRefused):
    code = "CELL_NOT_A_BOOLEAN"
    fr = "« {text} » : écrivez oui ou non."
    en = "“{text}”: write yes or no."


class NotOneOf(CellRefused):
    code = "CELL_NOT_ONE_OF"
    fr = "« {text} » n'est pas reconnu. Valeurs possibles : {choices_fr}."
    en = "“{text}” is not known. Possible values: {choices_en}."


class NotANumber(CellRefused):
    code = "CELL_NOT_A_NUMBER"
    fr = "« {text} » : un nombre entier de {smallest} à {largest} est attendu."
    en = "“{text}”: a whole number from {smallest} to {largest} is expected."


class NotAnEmail(CellRefused):
    code = "CELL_NOT_AN_EMAIL"
    fr = "« {text} » n'est pas une adresse e-mail."
    en = "“{text}” is not an e-mail address."


class NotAnAmount(CellRefused):
    code = "CELL_NOT_AN_AMOUNT"
    fr = "« {text} » n'est pas un montant : écrivez 15000, 15 000 ou 15 000,50."
    en = "“{text}” is not an amount: write 15000, 15 000 or 15000.50."


class AmbiguousAmount(CellRefused):
    code = "CELL_AMBIGUOUS_AMOUNT"
    fr = "« {text} » peut se lire de deux façons en {currency} : écrivez {whole} ou {decimal}."
    en = "“{text}” can be read in two ways in {currency}: write {whole} or {decimal}."


class TooManyDecimals(CellRefused):
    code = "CELL_TOO_MANY_DECIMALS"
    fr = "« {text} » : {decimals} décimale(s) au plus en {currency}."
    en = "“{text}”: at most {decimals} decimal(s) in {currency}."


class OtherCurrency(CellRefused):
    code = "CELL_OTHER_CURRENCY"
    fr = "« {text} » n'est pas en {currency}, la devise de cette ligne."
    en = "“{text}” is not in {currency}, the currency of this line."


class NotPositive(CellRefused):
    code = "CELL_NOT_POSITIVE"
    fr = "« {text} » : le montant doit être plus grand que zéro."
    en = "“{text}”: the amount must be greater than zero."


class TooLarge(CellRefused):
    code = "CELL_TOO_LARGE"
    fr = "« {text} » : montant trop grand."
    en = "“{text}”: amount too large."
